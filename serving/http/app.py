"""The HTTP application (ASGI).

    HTTP request -> route -> request struct -> `handle(request, context)` -> response struct -> HTTP response

Every exception is caught here and becomes an error response (RFC 9457): an exception that leaves an application
mounted in BentoML hangs its request. Neither log lines nor error responses repeat what the caller sent.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse
from starlette.routing import Match, Route
from starlette.types import Receive, Send
from starlette.types import Scope as AsgiScope

from core.access import Scope
from core.catalogue import Catalogue
from core.environment import DECISIONS_FILE, EVENTS_FILE, LEDGER_FILE, TASKS_FILE
from serving.decisions.database import DecisionDatabase
from serving.http.admission import UNRESTRICTED, Admission
from serving.http.audit import AuditLog
from serving.http.cross_origin import PREFLIGHT
from serving.http.gate import Gate
from serving.http.live import LiveRelease
from serving.http.load import Load
from serving.http.metrics import ServiceMetrics
from serving.http.page import Page, PageRequest, read_form
from serving.http.pages import page_routes
from serving.http.problems import MEDIA_TYPE, Problem, ProblemType
from serving.http.schema import Endpoint, RequestContext, RequestReader, read_body
from serving.http.stored_route import StoredResponse, StoredRoute
from serving.journal.live import JournalPlace, LiveJournals
from serving.live_items import LiveItems
from serving.release.release import Release
from serving.stock import LiveStock, StockFile
from serving.tasks.database import TaskDatabase

logger = logging.getLogger("kizuna.serving")

HttpHandler = Callable[[HttpRequest], Awaitable[HttpResponse]]
ENDPOINTS = Catalogue[Endpoint].of_folder("serving.endpoints", attribute="ENDPOINT")
"The routes of the API: one file of `serving/endpoints/` each."
PAGES = Catalogue[Page].of_folder("serving.ui.pages", attribute="PAGE")
"The pages for people: one file of `serving/ui/pages/` each."
METRICS = "/metrics"
WITHOUT_KEY = ("/livez", "/readyz")
SECURITY_HEADERS = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
"No cache keeps what is known about customers, and no browser guesses another type."
ADMISSION = "kizuna.admission"
"Who sends a request, in its ASGI scope."
ANSWER_SECONDS = 4.5
"Within which a body must arrive and an answer be made. BentoML ends requests a little later, without a problem."
UNKNOWN_ROUTE = "unknown"
"Route label of requests without a route in the metrics."


def all_endpoints() -> list[Endpoint]:
    """All routes of the API, sorted by path."""
    return sorted(ENDPOINTS.values(), key=lambda endpoint: endpoint.path)


class IdConvertor(Convertor[str]):
    """An id in a path: any characters, including slashes and line breaks."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        """Return the text unchanged."""
        return value

    def to_string(self, value: str) -> str:
        """Return the text unchanged."""
        return value


class Api:
    """Responds to HTTP requests from the active release."""

    def __init__(
        self,
        live: LiveRelease,
        endpoints: Sequence[Endpoint],
        *,
        metrics: ServiceMetrics,
        tasks: TaskDatabase | None = None,
        decisions: DecisionDatabase | None = None,
        journals: LiveJournals | None = None,
        gate: Gate | None = None,
        ledger: Path | None = None,
    ) -> None:
        self._metrics = metrics
        self._gate = gate
        self._load = load = Load()
        stock = LiveStock(StockFile(live.folder))
        task_database = tasks or TaskDatabase.at(None, live.folder.parent / TASKS_FILE)
        decision_database = decisions or DecisionDatabase.at(None, live.folder.parent / DECISIONS_FILE)
        live_journals = journals or LiveJournals(JournalPlace(None, live.folder.parent / EVENTS_FILE))
        live_items = LiveItems()
        audit = AuditLog.at(ledger or live.folder.parent / LEDGER_FILE)

        def context_of(release: Release, admission: Admission) -> RequestContext:
            journal = live_journals.of(release)
            return RequestContext(
                release, stock, task_database, decision_database, admission, journal, live_items, audit
            )

        register_url_convertor("id", IdConvertor())
        routes = [
            Route(
                endpoint.path,
                http_handler(endpoint, live, context_of=context_of, load=load),
                methods=[endpoint.method],
                name=endpoint.template,
            )
            for endpoint in endpoints
        ]
        pages = [
            Route(
                page.path,
                page_handler(page, live, context_of=context_of, load=load),
                methods=[page.method],
                name=page.path,
            )
            for page in PAGES.values()
        ]
        self._routes = [*routes, *page_routes(live, endpoints, metrics=metrics), *pages]
        self._scopes: dict[tuple[str, str], Scope] = {(one.method, one.template): one.scope for one in endpoints}
        self._for_browsers = {(one.method, one.template) for one in endpoints if one.open_to_browsers}
        self._scopes["GET", METRICS] = Scope.ADMIN
        self._stored = {
            (one.method, one.path): (
                one.template,
                route.endpoint,
                StoredRoute(live, one.stored, journals=live_journals),
            )
            for one, route in zip(endpoints, routes, strict=True)
            if one.stored is not None
        }

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        if scope["type"] != "http":
            # As ASGI has it for what an application does not support: a server goes on without it.
            raise NotImplementedError(scope["type"])
        started = time.perf_counter()
        route = UNKNOWN_ROUTE
        try:
            if self._gate is not None and self._gate.is_preflight(scope):
                response = HttpResponse(status_code=204)
                response.raw_headers += PREFLIGHT
            else:
                admission = scope[ADMISSION] = self._admit(scope)
                route, handler, stored = self._find_route(scope)
                name = (scope["method"].replace("HEAD", "GET"), route)  # HEAD says how long the answer to GET is
                admission.require(self._scopes.get(name), open_to_browsers=name in self._for_browsers)
                response = await self._handle(scope, receive, handler=handler, stored=stored)
        except Problem as problem:
            await self._load.slow_down(problem)
            response = HttpResponse(problem.body(), problem.status, problem.headers, MEDIA_TYPE)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - an exception that passes here hangs the request
            response = _internal_error(route, error)
        response.raw_headers += SECURITY_HEADERS
        if self._gate is not None:
            response.raw_headers += self._gate.answer_headers(scope)
        await response(scope, receive, send)
        seconds = time.perf_counter() - started
        self._metrics.count_request(scope["method"], route=route, status=response.status_code, seconds=seconds)

    def _admit(self, scope: AsgiScope) -> Admission:
        """Who sends a request; anyone may ask for health checks. The body is not read yet."""
        if self._gate is None or scope["path"] in WITHOUT_KEY:
            return UNRESTRICTED
        return self._gate.admit(scope)

    async def _handle(
        self, scope: AsgiScope, receive: Receive, *, handler: HttpHandler, stored: StoredRoute | None
    ) -> HttpResponse | StoredResponse:
        """The response of a route, unless too many requests are in progress. Health checks always get theirs."""
        if scope["path"] in WITHOUT_KEY:
            return await handler(HttpRequest(scope, receive))
        key_id: str | None = scope[ADMISSION].key_id
        self._load.begin(key_id)
        limit = asyncio.timeout(ANSWER_SECONDS)
        try:
            async with limit:
                response, receive = await stored.answer(scope, receive) if stored else (None, receive)
                return response or await handler(HttpRequest(scope, receive))
        except TimeoutError as error:
            if not limit.expired():  # another limit, such as that of a database
                raise
            detail = f"the limit is {ANSWER_SECONDS:g} seconds; you may send the request again"
            raise Problem(ProblemType.TIMED_OUT, detail, headers={"connection": "close"}) from error
        finally:
            self._load.end(key_id)

    def _find_route(self, scope: AsgiScope) -> tuple[str, HttpHandler, StoredRoute | None]:
        """The route's template and handler, and its stored answers; Starlette's matching costs more than these."""
        if not scope.get("root_path") and (stored := self._stored.get((scope["method"], scope["path"]))):
            return stored
        allowed: set[str] = set()
        for route in self._routes:
            match, child_scope = route.matches(scope)
            if match is Match.FULL:
                scope["path_params"] = child_scope["path_params"]
                return route.name, route.endpoint, None
            if match is Match.PARTIAL:
                allowed |= route.methods or set()
        if allowed:
            methods = ", ".join(sorted(allowed))
            raise Problem(ProblemType.METHOD_NOT_ALLOWED, f"this route supports {methods}", headers={"allow": methods})
        raise Problem(ProblemType.UNKNOWN_ROUTE, "see /openapi.json for all routes")


def http_handler(
    endpoint: Endpoint, live: LiveRelease, *, context_of: Callable[[Release, Admission], RequestContext], load: Load
) -> HttpHandler:
    """Wrap an endpoint into a function from HTTP request to HTTP response."""
    read = request_reader(endpoint)
    encode = msgspec.json.Encoder().encode

    async def handle(http_request: HttpRequest) -> HttpResponse:
        request = await read(http_request)
        release = await _find_release(live)
        if release is None:
            raise Problem(ProblemType.NO_RELEASE, "the service is waiting for the first release")
        admission: Admission = http_request.scope[ADMISSION]
        admission.require_customer(getattr(request, "customer_id", None))
        context = context_of(release, admission)
        if endpoint.blocking:
            response = await load.run_waiting(admission.key_id, endpoint.handle, request, context)
        elif endpoint.is_heavy is not None and endpoint.is_heavy(request, context):
            response = await load.run_scoring(admission.key_id, endpoint.handle, request, context)
        else:
            response = endpoint.handle(request, context)
        if isinstance(response, Awaitable):
            response = await response
        return HttpResponse(encode(response), media_type="application/json")

    return handle


def page_handler(
    page: Page, live: LiveRelease, *, context_of: Callable[[Release, Admission], RequestContext], load: Load
) -> HttpHandler:
    """Wrap a page into a function from HTTP request to HTTP response; it is built in a thread."""

    async def handle(http_request: HttpRequest) -> HttpResponse:
        form = await read_form(http_request) if page.method == "POST" else {}
        release, admission = await _find_release(live), http_request.scope[ADMISSION]
        context = None if release is None else context_of(release, admission)
        request = PageRequest.of(http_request, admission, form=form)
        return await load.run_waiting(admission.key_id, page.handle, request, context)

    return handle


async def _find_release(live: LiveRelease) -> Release | None:
    """What this worker serves from; without any, it looks for one in a thread, because opening one takes seconds."""
    return live.current or await asyncio.to_thread(live.find_first)


def request_reader(endpoint: Endpoint) -> Callable[[HttpRequest], Awaitable[msgspec.Struct]]:
    """A function that reads an endpoint's request from the HTTP body, the path and query, or both."""
    whole, body = RequestReader(endpoint.request), RequestReader(endpoint.body)

    async def read(http_request: HttpRequest) -> msgspec.Struct:
        if not endpoint.has_body:
            return whole.from_address(http_request.path_params, http_request.query_params)
        content = body.from_body(await read_body(http_request))
        if endpoint.body_field is None:
            return content
        return whole.from_address(http_request.path_params, {endpoint.body_field: content})

    return read


def _internal_error(route: str, error: Exception) -> HttpResponse:
    """Log where the error happened, but not its message, which may contain a customer's data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "an unknown place"
    logger.error("%s at %s, in a request to %s", type(error).__name__, place, route)
    problem = Problem(ProblemType.INTERNAL, "the error was logged; you may send the request again")
    return HttpResponse(problem.body(), problem.status, media_type=MEDIA_TYPE)
