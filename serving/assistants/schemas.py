"""JSON Schemas of tools, from those of the routes in the OpenAPI document."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from serving.http.app import all_endpoints
from serving.http.openapi import openapi_document
from serving.http.schema import Endpoint

Json = dict[str, Any]
IN_DOCUMENT, IN_TOOL = "#/components/schemas/", "#/$defs/"
REFERENCE = re.compile(r'"#/\$defs/(\w+)"')


def input_schema_of(
    endpoint: Endpoint, arguments: Sequence[str], *, choices: Mapping[str, Sequence[str]], required: Sequence[str]
) -> Json:
    """The schema of some fields of a request, and of no others."""
    request, body = (_load_schemas()[one.__name__] for one in (endpoint.request, endpoint.body))
    fields: Json = request["properties"] | body["properties"]
    needed = {*request.get("required", ()), *body.get("required", ()), *required}
    properties = {name: fields[name] for name in arguments}
    properties |= {name: {"enum": [*map(str, values)]} for name, values in choices.items()}
    return _with_definitions(
        {
            "type": "object",
            "properties": properties,
            "required": [name for name in arguments if name in needed],
            "additionalProperties": False,
        }
    )


def output_schema_of(endpoint: Endpoint) -> Json:
    """The schema of an answer. Later fields of the service do not break it."""
    return _with_definitions(_load_schemas()[endpoint.response.__name__])


@cache
def _load_schemas() -> dict[str, Json]:
    """The schemas of the OpenAPI document, which refer to each other as tools write it."""
    schemas = json.dumps(openapi_document(tuple(all_endpoints()))["components"]["schemas"])
    return json.loads(schemas.replace(f'"{IN_DOCUMENT}', f'"{IN_TOOL}'))


def _with_definitions(schema: Json) -> Json:
    """The schema, with all others that it refers to."""
    definitions: dict[str, Json] = {}
    waiting = [schema]
    while waiting:
        for name in REFERENCE.findall(json.dumps(waiting.pop())):
            if name not in definitions:
                definitions[name] = _load_schemas()[name]
                waiting.append(definitions[name])
    return schema | ({"$defs": definitions} if definitions else {})
