"""The OpenAPI 3.1 document, generated from the structs that read requests and write responses.

Examples are files, serving/endpoints/examples/<endpoint>.json, with a request and its response.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from core.access import Scope
from core.scores import Reason
from serving.http.problems import MEDIA_TYPE, ProblemDetails, ProblemType
from serving.http.schema import Endpoint, Readiness

SECURITY, OF_BROWSERS = "api_key", "customer_token"
BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "A key of `kizuna keys add`. While there are no keys, this host is answered without one.",
}
CUSTOMER_TOKEN = {
    "type": "apiKey",
    "in": "header",
    "name": "Kizuna-Customer-Token",
    "description": "Beside a browser key: a JWT that the shop has signed for one customer.",
}
REFERENCE = "#/components/schemas/{name}"
METRICS_PAGE = "/metrics"
PAGE_PROBLEMS = (
    ProblemType.UNAUTHORIZED, ProblemType.FORBIDDEN, ProblemType.WRONG_HOST, ProblemType.TOO_MANY_REQUESTS,
    ProblemType.OVERLOADED,
)  # fmt: skip
EXAMPLES = Path(__file__).parents[1] / "endpoints" / "examples"
TAGS = {
    "Churn": ("Who will leave, when and why.", ("churn",)),
    "Value": ("What customers will buy and bring in, and when they order next.", ("value",)),
    "Predictions": ("Which customers will have an event: buy from a category, upgrade, renew.", ("predictions",)),
    "Recommendations": ("What to show or send to a customer.", ("recommendations", "items", "trending")),
    "Offers": ("Which offer pays, or none, and what came of it.", ("next-best-offer", "outcomes")),
    "Events": ("What customers do, as it happens; the next answer contains it.", ("events",)),
    "Customers": ("Customers, segments and customer tiers.", ("customers", "accounts", "segments")),
    "Business": ("Key figures, and what campaigns have changed.", ("kpis",)),
    "Tasks": ("What customer success has to do.", ("tasks",)),
    "Stock": ("Items that are sold out are neither recommended nor offered.", ("stock",)),
    "Operation": ("The active release, health checks and metrics.", ("models",)),
}
"By tag: its description, and what the paths of its routes begin with, after /v1/."
OPERATION = "Operation"
Json = dict[str, Any]
"A part of the document."


def openapi_document(endpoints: Sequence[Endpoint]) -> Json:
    """The whole document."""
    structs = (
        [each.request for each in endpoints]
        + [each.response for each in endpoints]
        + [ProblemDetails, Reason, Readiness]
    )
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
        "tags": [{"name": name, "description": text} for name, (text, _) in TAGS.items()],
        "paths": paths | {"/livez": {"get": LIVEZ}, "/readyz": {"get": READYZ}, METRICS_PAGE: {"get": _metrics_page()}},
        "components": {"schemas": schemas, "securitySchemes": {SECURITY: BEARER, OF_BROWSERS: CUSTOMER_TOKEN}},
        "security": [{SECURITY: []}],
    }


def _operation(endpoint: Endpoint, schemas: Json) -> Json:
    example = example_of(endpoint)
    responses: dict[str, Json] = {"200": _content("Success", endpoint.response, example=example.get("response"))}
    operation: Json = {
        "operationId": name_of(endpoint),
        "tags": [tag_of(endpoint)],
        "summary": endpoint.summary,
        "description": f"Needs a key with the scope `{endpoint.scope}`.",
        "responses": responses,
    }
    request: Json = example.get("request", {})
    if endpoint.has_body:
        in_body = request if endpoint.body_field is None else request.get(endpoint.body_field)
        body = _content(endpoint.summary, endpoint.body, example=in_body or None)
        operation["requestBody"] = {"required": True} | body
    if not endpoint.has_body or endpoint.body_field is not None:
        operation["parameters"] = _parameters(endpoint, schemas, example=request)
    if endpoint.open_to_browsers:
        operation["security"] = [{SECURITY: []}, {SECURITY: [], OF_BROWSERS: []}]
    return operation | {"responses": responses | _problem_responses(endpoint.all_problems)}


def _problem_responses(problems: Sequence[ProblemType]) -> dict[str, Json]:
    """A response for each status, with the titles of its problems."""
    return {
        str(status): _content(
            "; ".join(problem.title for problem in problems if problem.status == status),
            ProblemDetails,
            media_type=MEDIA_TYPE,
        )
        for status in sorted({problem.status for problem in problems})
    }


def name_of(endpoint: Endpoint) -> str:
    """The name of an endpoint, which is that of its file."""
    return endpoint.handle.__module__.rpartition(".")[2]


def tag_of(endpoint: Endpoint) -> str:
    """The tag that groups an endpoint with others; a path that belongs to none is a tag of its own."""
    first = endpoint.template.removeprefix("/v1/").partition("/")[0]
    return next((tag for tag, (_, begins) in TAGS.items() if first in begins), first)


def example_of(endpoint: Endpoint) -> Json:
    """A `request` and its `response`; empty where the endpoint has no example."""
    path = EXAMPLES / f"{name_of(endpoint)}.json"
    return msgspec.json.decode(path.read_bytes()) if path.exists() else {}


def _parameters(endpoint: Endpoint, schemas: Json, *, example: Json) -> list[Json]:
    fields: Json = schemas[endpoint.request.__name__]["properties"]
    in_path = {name for name in fields if f"{{{name}}}" in endpoint.template}
    return [
        {
            "name": name,
            "in": "path" if name in in_path else "query",
            "required": name in in_path,
            "schema": schema,
            **({"example": example[name]} if name in example else {}),
        }
        for name, schema in fields.items()
        if name != endpoint.body_field
    ]


def _metrics_page() -> Json:
    """The page for Prometheus, which needs a key as the routes of the API do."""
    return {
        "operationId": "metrics",
        "tags": [OPERATION],
        "summary": "Metrics in the Prometheus text format",
        "description": f"Needs a key with the scope `{Scope.ADMIN}`.",
        "responses": {"200": TEXT} | _problem_responses(PAGE_PROBLEMS),
    }


def _content(
    description: str, struct: type[msgspec.Struct], *, media_type: str = "application/json", example: Any = None
) -> Json:
    content: Json = {"schema": {"$ref": REFERENCE.format(name=struct.__name__)}}
    if example is not None:
        content["example"] = example
    return {"description": description, "content": {media_type: content}}


TEXT = {"description": "Text", "content": {"text/plain": {"schema": {"type": "string"}}}}
LIVEZ = {
    "operationId": "livez",
    "tags": [OPERATION],
    "summary": "Whether the process is alive",
    "security": [],
    "responses": {"200": TEXT},
}
READYZ = {
    "operationId": "readyz",
    "tags": [OPERATION],
    "summary": "Which release is active, and whether newer ones are noticed",
    "security": [],
    "responses": {"200": _content("There is an active release", Readiness)}
    | _problem_responses([ProblemType.NO_RELEASE]),
}
