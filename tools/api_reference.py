"""Write the generated part of docs/reference/api.md from the OpenAPI document: `python -m tools.api_reference`.

Routes, fields, types and limits come from the document, meanings from the docstrings below the fields. The text above
the marker is written by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from serving.http.app import all_endpoints
from serving.http.openapi import openapi_document
from serving.http.problems import ProblemType
from serving.http.schema import Endpoint, Response
from tools.config_reference import meanings_of

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/reference/api.md"
MARKER = "<!-- The rest is written by `python -m tools.api_reference`; a test keeps it current. -->\n"

Json = dict[str, Any]


def render_page() -> str:
    """The whole page: the text above the marker, and the generated part."""
    text, _, _ = PAGE.read_text(encoding="utf-8").partition(MARKER)
    return "\n".join([f"{text}{MARKER}", *_render_routes_and_types(), ""])


def _render_routes_and_types() -> Iterator[str]:
    endpoints = all_endpoints()
    schemas = openapi_document(endpoints)["components"]["schemas"]
    yield from ("## Routes", "", "| route | |", "| --- | --- |")
    for endpoint in endpoints:
        yield f"| [`{_name(endpoint)}`](#{_anchor(_name(endpoint))}) | {endpoint.summary} |"
    yield "| `GET /livez`, `/readyz`, `/metrics` | For monitors; ready means that there is an active release |"
    yield ""
    for endpoint in endpoints:
        yield from _route(endpoint, schemas)
    yield from _types(endpoints, schemas)
    yield from _errors()


def _name(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.template}"


def _anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    kept = "".join(letter for letter in heading.lower() if letter.isalnum() or letter in " -_")
    return kept.replace(" ", "-")


def _route(endpoint: Endpoint, schemas: Json) -> Iterator[str]:
    yield from (f"### {_name(endpoint)}", "", f"{endpoint.summary}.", "")
    fields = _rows(endpoint.request, schemas, with_defaults=True)
    if fields:
        yield from ("| request field | type | default | |", "| --- | --- | --- | --- |", *fields, "")
    yield from ("| response field | type | |", "| --- | --- | --- |", *_rows(endpoint.response, schemas), "")
    if endpoint.problems:
        yield f"Errors of this route: {', '.join(f'`{problem.slug}`' for problem in endpoint.problems)}."
        yield ""


def _types(endpoints: list[Endpoint], schemas: Json) -> Iterator[str]:
    """The types that requests and responses contain, each once."""
    yield from ("## Types", "", "Types of the fields above.", "")
    structs = sorted(_find_nested_structs(endpoints), key=lambda struct: struct.__name__)
    for struct in structs:
        yield from (f"### {struct.__name__}", "", str(struct.__doc__), "")
        yield from ("| field | type | |", "| --- | --- | --- |", *_rows(struct, schemas), "")


def _find_nested_structs(endpoints: list[Endpoint]) -> set[type[msgspec.Struct]]:
    routes = {kind for endpoint in endpoints for kind in (endpoint.request, endpoint.response)}
    structs: set[type[msgspec.Struct]] = set()
    waiting: list[Any] = [field.type for kind in routes for field in msgspec.structs.fields(kind)]
    while waiting:
        kind = waiting.pop()
        waiting += getattr(kind, "__args__", ())
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind not in structs:
            structs.add(kind)
            waiting += [field.type for field in msgspec.structs.fields(kind)]
    from core.scores import Reason

    return structs | {Reason}


def _rows(struct: type[msgspec.Struct], schemas: Json, *, with_defaults: bool = False) -> list[str]:
    schema = schemas[struct.__name__]
    meanings = meanings_of(struct)
    common = set(Response.__struct_fields__) if issubclass(struct, Response) else set[str]()
    rows: list[str] = []
    for name, field in schema.get("properties", {}).items():
        if name in common:
            continue
        cells = [f"`{name}`", describe_type(field)]
        if with_defaults:
            cells.append("required" if name in schema.get("required", ()) else _default(field))
        cells.append(meanings.get(name) or _description(field))
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _description(field: Json) -> str:
    options = (field, *field.get("anyOf", ()))
    return next((option["description"] for option in options if "description" in option), "")


def _default(field: Json) -> str:
    default = field.get("default")
    return "" if default in (None, "", [], {}) else f"`{msgspec.json.encode(default).decode()}`"


def describe_type(field: Json) -> str:
    """A JSON schema in words."""
    if "$ref" in field:
        return _describe_reference(field["$ref"].rpartition("/")[2])
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(describe_type(option) for option in field["anyOf"]))
    if "enum" in field:
        return ", ".join(f"`{value}`" if value else '`""`' for value in field["enum"])
    match field.get("type"):
        case "array":
            item = describe_type(field["items"])
            return f"list{_limits(field, 'minItems', 'maxItems')} of {f'({item})' if ' or ' in item else item}"
        case "object" if isinstance(field.get("additionalProperties"), dict):
            value = describe_type(field["additionalProperties"])
            return f"object of {f'({value})' if ' or ' in value else value}"
        case "string":
            return field.get("format", "text") + _limits(field, "minLength", "maxLength")
        case kind:
            return f"{kind}{_limits(field, 'minimum', 'maximum')}"


def _describe_reference(name: str) -> str:
    schemas = openapi_document(all_endpoints())["components"]["schemas"]
    if "enum" in schemas[name]:
        return describe_type(schemas[name])
    return f"[{name}](#{_anchor(name)})"


def _limits(field: Json, lowest: str, highest: str) -> str:
    least, most = field.get(lowest), field.get(highest)
    if least is not None and most is not None:
        return f" ({least:,} to {most:,})"
    if most is not None:
        return f" (at most {most:,})"
    return "" if least is None else f" (at least {least:,})"


def _errors() -> Iterator[str]:
    yield from ("## Error types", "", "| status | type | |", "| --- | --- | --- |")
    for problem in ProblemType:
        yield f"| {problem.status} | `{problem.urn}` | {problem.title} |"


if __name__ == "__main__":
    PAGE.write_text(render_page(), encoding="utf-8")
