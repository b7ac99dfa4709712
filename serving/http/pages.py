"""Routes outside the API: /metrics, /openapi.json, health checks, and /docs, which loads nothing from other hosts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import msgspec
from starlette.requests import Request as HttpRequest
from starlette.responses import FileResponse, RedirectResponse
from starlette.responses import Response as HttpResponse
from starlette.routing import Route

from serving.http.live import LiveRelease
from serving.http.metrics import CONTENT_TYPE, ServiceMetrics
from serving.http.openapi import openapi_document
from serving.http.problems import Problem, ProblemType
from serving.http.schema import Endpoint, Readiness

SWAGGER_FILES = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png")
POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
DOCS_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><title>Kizuna</title>
<link rel="stylesheet" href="docs/swagger-ui.css"><link rel="icon" href="docs/favicon-32x32.png">
</head>
<body><div id="docs"></div><script src="docs/swagger-ui-bundle.js"></script><script src="docs/start.js"></script></body>
</html>
"""
START = 'SwaggerUIBundle({url: "openapi.json", dom_id: "#docs", deepLinking: true, validatorUrl: null});'


def page_routes(live: LiveRelease, endpoints: Sequence[Endpoint], *, metrics: ServiceMetrics) -> list[Route]:
    """The routes outside the API."""
    document = msgspec.json.encode(openapi_document(endpoints))

    async def readyz(_: HttpRequest) -> HttpResponse:
        if live.current is None:
            raise Problem(ProblemType.NO_RELEASE, "the service is waiting for the first release")
        readiness = Readiness(live.current.description.release_id, round(live.seconds_since_check, 1))
        return HttpResponse(msgspec.json.encode(readiness), media_type="application/json")

    async def show_metrics(_: HttpRequest) -> HttpResponse:
        return HttpResponse(await asyncio.to_thread(metrics.text), media_type=CONTENT_TYPE)

    async def openapi(_: HttpRequest) -> HttpResponse:
        return HttpResponse(document, media_type="application/json")

    return [
        Route("/", _redirect_to_docs, name="/"),
        Route("/livez", _livez, name="/livez"),
        Route("/readyz", readyz, name="/readyz"),
        Route("/metrics", show_metrics, name="/metrics"),
        Route("/openapi.json", openapi, name="/openapi.json"),
        Route("/docs", _docs, name="/docs"),
        Route("/docs/{file}", _docs_file, name="/docs/{file}"),
    ]


async def _livez(_: HttpRequest) -> HttpResponse:
    return HttpResponse("\n", media_type="text/plain")


async def _redirect_to_docs(_: HttpRequest) -> HttpResponse:
    return RedirectResponse("docs")


async def _docs(_: HttpRequest) -> HttpResponse:
    return HttpResponse(DOCS_PAGE, media_type="text/html", headers={"content-security-policy": POLICY})


async def _docs_file(request: HttpRequest) -> HttpResponse:
    name = request.path_params["file"]
    if name == "start.js":
        return HttpResponse(START, media_type="text/javascript")
    if name not in SWAGGER_FILES:
        raise Problem(ProblemType.UNKNOWN_ROUTE, "see /openapi.json for all routes")
    return FileResponse(_swagger_folder() / name)


def _swagger_folder() -> Path:
    """The static files of flask-swagger-ui. The package itself, a Flask blueprint, is not imported."""
    spec = find_spec("flask_swagger_ui")
    if spec is None or not spec.submodule_search_locations:
        raise Problem(ProblemType.UNKNOWN_ROUTE, "flask-swagger-ui is not installed")
    return Path(spec.submodule_search_locations[0]) / "dist"
