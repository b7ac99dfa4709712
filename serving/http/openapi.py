"""The OpenAPI 3.1 document, generated from the structs that read requests and write responses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from core.scores import Reason
from serving.http.problems import MEDIA_TYPE, ProblemDetails, ProblemType
from serving.http.schema import Endpoint

REFERENCE = "#/components/schemas/{name}"
BODY_PROBLEMS = (ProblemType.MALFORMED_JSON, ProblemType.TOO_LARGE, ProblemType.UNSUPPORTED_MEDIA_TYPE)
TEXT_PAGES = {
    "/livez": "Whether the process is alive",
    "/readyz": "Whether there is an active release",
    "/metrics": "Metrics in the Prometheus text format",
}
Json = dict[str, Any]
"A part of the document."


def openapi_document(endpoints: Sequence[Endpoint]) -> Json:
    """The whole document."""
    structs = [each.request for each in endpoints] + [each.response for each in endpoints] + [ProblemDetails, Reason]
    _, schemas = msgspec.json.schema_components(structs, ref_template=REFERENCE)
    paths: dict[str, Json] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.template, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Kizuna",
            "version": "1",
            "description": "Churn scores, recommendations and next best offers from the active release.",
        },
        "paths": paths | {path: {"get": _text_page(summary)} for path, summary in TEXT_PAGES.items()},
        "components": {"schemas": schemas},
    }


def _operation(endpoint: Endpoint, schemas: Json) -> Json:
    responses: dict[str, Json] = {"200": _content("Success", endpoint.response)}
    operation: Json = {
        "operationId": endpoint.handle.__module__.rpartition(".")[2],
        "summary": endpoint.summary,
        "responses": responses,
    }
    problems = [*endpoint.common_problems, *endpoint.problems]
    if endpoint.has_body:
        body = _content(endpoint.summary, endpoint.body)
        operation["requestBody"] = {"required": True} | body
        problems += BODY_PROBLEMS
    if not endpoint.has_body or endpoint.body_field is not None:
        operation["parameters"] = _parameters(endpoint, schemas)
    for status in sorted({problem.status for problem in problems}):
        titles = (problem.title for problem in problems if problem.status == status)
        responses[str(status)] = _content("; ".join(titles), ProblemDetails, media_type=MEDIA_TYPE)
    return operation


def _parameters(endpoint: Endpoint, schemas: Json) -> list[Json]:
    fields: Json = schemas[endpoint.request.__name__]["properties"]
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


def _text_page(summary: str) -> Json:
    text = {"text/plain": {"schema": {"type": "string"}}}
    return {
        "operationId": summary.replace(" ", "_").lower(),
        "summary": summary,
        "responses": {"200": {"description": "Text", "content": text}},
    }


def _content(description: str, struct: type[msgspec.Struct], *, media_type: str = "application/json") -> Json:
    schema = {"$ref": REFERENCE.format(name=struct.__name__)}
    return {"description": description, "content": {media_type: {"schema": schema}}}
