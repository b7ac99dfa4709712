"""What people and monitors read: /metrics, /openapi.json, and /docs, which loads nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from serving.http.live import LiveRelease
from serving.http.metrics import CONTENT_TYPE, ServiceMetrics
from serving.http.openapi import openapi_document
from serving.http.problems import Problem
from serving.http.schema import Endpoint

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


def page_routes(live: LiveRelease, metrics: ServiceMetrics, endpoints: Sequence[Endpoint]) -> list[Route]:
    """The routes that are no part of the API. BentoML answers /livez and /readyz itself where it is asked properly."""
    document = msgspec.json.encode(openapi_document(endpoints))

    async def ready(_: Request) -> Response:
        if live.current is None:
            raise Problem("no-release", "the service waits for the first release")
        return Response("\n", media_type="text/plain")

    async def counted(_: Request) -> Response:
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    async def described(_: Request) -> Response:
        return Response(document, media_type="application/json")

    return [
        Route("/", _to_docs, name="/"),
        Route("/livez", _alive, name="/livez"),
        Route("/readyz", ready, name="/readyz"),
        Route("/metrics", counted, name="/metrics"),
        Route("/openapi.json", described, name="/openapi.json"),
        Route("/docs", _docs, name="/docs"),
        Route("/docs/{file}", _docs_file, name="/docs/{file}"),
    ]


async def _alive(_: Request) -> Response:
    return Response("\n", media_type="text/plain")


async def _to_docs(_: Request) -> Response:
    return RedirectResponse("docs")


async def _docs(_: Request) -> Response:
    return Response(DOCS_PAGE, media_type="text/html", headers={"content-security-policy": POLICY})


async def _docs_file(request: Request) -> Response:
    name = request.path_params["file"]
    if name == "start.js":
        return Response(START, media_type="text/javascript")
    if name not in SWAGGER_FILES:
        raise Problem("unknown-route", "see /openapi.json for what there is")
    return FileResponse(swagger_folder() / name)


def swagger_folder() -> Path:
    """Where the package that carries Swagger UI keeps it; the package itself, a Flask blueprint, is not imported."""
    spec = find_spec("flask_swagger_ui")
    if spec is None or not spec.submodule_search_locations:
        raise Problem("unknown-route", "flask-swagger-ui is not installed here")
    return Path(spec.submodule_search_locations[0]) / "dist"
