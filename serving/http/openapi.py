"""The OpenAPI 3.1 document, made from the same types that read requests and write answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from core.scores import Reason
from serving.http.problems import MEDIA_TYPE, PROBLEMS, ProblemDetails
from serving.http.schema import Endpoint

REFERENCE = "#/components/schemas/{name}"
BODY_PROBLEMS = ("malformed-json", "too-large", "unsupported-media-type")
PLAIN_PAGES = {
    "/livez": "Whether the process lives",
    "/readyz": "Whether it has a release to answer from",
    "/metrics": "Counters, as Prometheus reads them",
}


def openapi_document(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """The whole document."""
    kinds = [each.question for each in endpoints] + [each.answer for each in endpoints] + [ProblemDetails, Reason]
    _, schemas = msgspec.json.schema_components(kinds, ref_template=REFERENCE)
    paths: dict[str, Any] = {}
    for each in endpoints:
        paths.setdefault(each.template, {})[each.method.lower()] = _operation(each, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Kizuna",
            "version": "1",
            "description": "Churn scores, recommendations and next best offers, from the release in force.",
        },
        "paths": paths | {path: {"get": _page(summary)} for path, summary in PLAIN_PAGES.items()},
        "components": {"schemas": schemas},
    }


def _operation(endpoint: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": endpoint.respond.__module__.rpartition(".")[2],
        "summary": endpoint.summary,
        "responses": {"200": _content("The answer", "application/json", endpoint.answer)},
    }
    names = [*endpoint.problems, *endpoint.also]
    if endpoint.has_body:
        asked = _content(endpoint.summary, "application/json", endpoint.body)
        operation["requestBody"] = {"required": True} | asked
        names += BODY_PROBLEMS
    if not endpoint.has_body or endpoint.body_field is not None:
        operation["parameters"] = _parameters(endpoint, schemas)
    for status in sorted({PROBLEMS[name].status for name in names}):
        titles = (PROBLEMS[name].title for name in names if PROBLEMS[name].status == status)
        operation["responses"][str(status)] = _content("; ".join(titles), MEDIA_TYPE, ProblemDetails)
    return operation


def _parameters(endpoint: Endpoint, schemas: dict[str, Any]) -> list[dict[str, Any]]:
    fields = schemas[endpoint.question.__name__]["properties"]
    in_path = {name for name in fields if f"{{{name}}}" in endpoint.template}
    return [
        {
            "name": name,
            "in": "path" if name in in_path else "query",
            "required": name in in_path,
            "schema": schema,
        }
        for name, schema in fields.items()
        if name != endpoint.body_field
    ]


def _page(summary: str) -> dict[str, Any]:
    text = {"text/plain": {"schema": {"type": "string"}}}
    return {
        "operationId": summary.replace(" ", "_").replace(",", "").lower(),
        "summary": summary,
        "responses": {"200": {"description": "Text", "content": text}},
    }


def _content(description: str, media_type: str, kind: type[msgspec.Struct]) -> dict[str, Any]:
    schema = {"$ref": REFERENCE.format(name=kind.__name__)}
    return {"description": description, "content": {media_type: {"schema": schema}}}
