"""The HTTP face: one ASGI application, whatever mounts it.

request -> route -> question -> `respond(question, shop)` -> answer

Everything that can go wrong is caught here and becomes a problem (RFC 9457): an exception that leaves an application
mounted in BentoML hangs its request. Nothing that a caller sent is logged or repeated.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

import msgspec
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from core.places import TASKS_FILE
from serving.http.live import LiveRelease
from serving.http.metrics import ServiceMetrics
from serving.http.pages import page_routes
from serving.http.problems import MEDIA_TYPE, Problem
from serving.http.schema import Endpoint, RequestContext
from serving.http.strict_json import QuestionReader, body_of
from serving.release.release import Release
from serving.stock import LiveStock, StockFile
from serving.tasks.database import TaskDatabase

logger = logging.getLogger("kizuna.serving")

Answering = Callable[[Request], Awaitable[Response]]
UNROUTED = "unknown"


class IdConvertor(Convertor[str]):
    """An id in a path: any characters, slashes and line breaks too."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        """As it stands."""
        return value

    def to_string(self, value: str) -> str:
        """As it stands."""
        return value


class Api:
    """Answers HTTP requests from the release in force."""

    def __init__(
        self,
        live: LiveRelease,
        metrics: ServiceMetrics,
        endpoints: Sequence[Endpoint],
        tasks: TaskDatabase | None = None,
    ) -> None:
        self._metrics = metrics
        stock = LiveStock(StockFile(live.folder))
        kept = tasks or TaskDatabase.at(None, live.folder.parent / TASKS_FILE)

        def shop_of(release: Release) -> RequestContext:
            return RequestContext(release, stock, kept)

        register_url_convertor("id", IdConvertor())
        routes = [
            Route(each.path, answering(each, live, shop_of), methods=[each.method], name=each.template)
            for each in endpoints
        ]
        self._routes = [*routes, *page_routes(live, metrics, endpoints)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        started = time.perf_counter()
        request = Request(scope, receive)
        route = UNROUTED
        try:
            route, answer = self._route(scope)
            response = await answer(request)
        except Problem as problem:
            response = Response(problem.body(), problem.status, problem.headers, MEDIA_TYPE)
        except ClientDisconnect:
            return
        except Exception as fault:  # noqa: BLE001 - what is not answered here hangs the request
            response = _our_fault(route, fault)
        await response(scope, receive, send)
        self._metrics.answered(request.method, route, response.status_code, time.perf_counter() - started)

    def _route(self, scope: Scope) -> tuple[str, Answering]:
        allowed: set[str] = set()
        for route in self._routes:
            match, found = route.matches(scope)
            if match is Match.FULL:
                scope["path_params"] = found["path_params"]
                return route.name, route.endpoint
            if match is Match.PARTIAL:
                allowed |= route.methods or set()
        if allowed:
            takes = ", ".join(sorted(allowed))
            raise Problem("method-not-allowed", f"it takes {takes}", headers={"allow": takes})
        raise Problem("unknown-route", "see /openapi.json for what there is")


def answering(endpoint: Endpoint, live: LiveRelease, shop_of: Callable[[Release], RequestContext]) -> Answering:
    """The endpoint as a function from request to response."""
    read = reading(endpoint)
    encode = msgspec.json.Encoder().encode

    async def answer(request: Request) -> Response:
        question = await read(request)
        release = live.current
        if release is None:
            raise Problem("no-release", "the service waits for the first release")
        shop = shop_of(release)
        if endpoint.waits:
            answered = await asyncio.to_thread(endpoint.respond, question, shop)
        else:
            answered = endpoint.respond(question, shop)
        return Response(encode(answered), media_type="application/json")

    return answer


def reading(endpoint: Endpoint) -> Callable[[Request], Awaitable[msgspec.Struct]]:
    """What a request asks of an endpoint: by its body, by its address, or by both."""
    whole, body = QuestionReader(endpoint.question), QuestionReader(endpoint.body)

    async def read(request: Request) -> msgspec.Struct:
        if not endpoint.has_body:
            return whole.from_address(request.path_params, request.query_params)
        said = body.from_body(await body_of(request))
        if endpoint.body_field is None:
            return said
        return whole.from_address(request.path_params, {endpoint.body_field: said})

    return read


def _our_fault(route: str, fault: Exception) -> Response:
    """Log where it happened, without the message: it may hold a customer's data."""
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "an unknown place"
    logger.error("%s at %s, answering %s", type(fault).__name__, where, route)
    problem = Problem("internal", "it has been logged; the request can be sent again")
    return Response(problem.body(), problem.status, media_type=MEDIA_TYPE)
