"""The client's types have exactly the fields and types of the served OpenAPI document."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NotRequired, Union, cast, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from kizuna_client import answers, calls, reports
from serving.http.app import all_endpoints
from serving.http.openapi import openapi_document

SCHEMAS: dict[str, Any] = openapi_document(tuple(all_endpoints()))["components"]["schemas"]
MADE_BY_THE_CLIENT = {(name, "event_id") for name in SCHEMAS}
BASES = {"Answer", "RecommendationFilters"}
"TypedDicts that are no schema of their own."
METHODS = {
    calls.score_churn: "ChurnScoreRequest",
    calls.recommend: "RecommendationsRequest",
    calls.next_best_offer: "NextBestOfferRequest",
    calls.change_stock: "StockChangeRequest",
    calls.get_customer: "CustomerRequest",
    calls.list_tasks: "TasksRequest",
}


def list_typed_dicts() -> dict[str, Any]:
    """The public TypedDicts of the client."""
    every = {**vars(answers), **vars(reports)}
    return {name: one for name, one in every.items() if is_typeddict(one) and not name.startswith("_")}


def describe_type(annotation: object) -> frozenset[str]:
    """The JSON that an annotation allows, as the kinds of `describe_schema`."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return frozenset(map(repr, arguments))
    if origin in (Union, types.UnionType):
        return frozenset().union(*map(describe_type, arguments))
    if origin in (list, Sequence):
        return frozenset({f"list of {sorted(describe_type(arguments[0]))}"})
    if origin in (dict, Mapping):
        return frozenset({f"object of {sorted(describe_type(arguments[1]))}"})
    if is_typeddict(annotation):
        return frozenset({cast(type, annotation).__name__})
    kinds = {str: "string", datetime: "string", float: "number", int: "integer", bool: "boolean", object: "any"}
    return frozenset({"null" if annotation is type(None) else kinds[cast(type, annotation)]})


def describe_schema(schema: dict[str, Any]) -> frozenset[str]:
    """The JSON that a schema allows: names of objects, literals, and kinds."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return frozenset({name}) if "properties" in SCHEMAS[name] else describe_schema(SCHEMAS[name])
    if alternatives := schema.get("anyOf") or schema.get("oneOf"):
        return frozenset().union(*map(describe_schema, alternatives))
    if "enum" in schema:
        return frozenset(map(repr, schema["enum"]))
    if schema.get("type") == "array":
        return frozenset({f"list of {sorted(describe_schema(schema['items']))}"})
    if schema.get("type") == "object":
        values = schema.get("additionalProperties")
        return frozenset({f"object of {sorted(describe_schema(values) if isinstance(values, dict) else {'any'})}"})
    return frozenset({schema.get("type", "any")})


def fields_of(typed_dict: Any) -> Iterator[tuple[str, bool, frozenset[str]]]:
    """Name, whether it is always there, and the allowed JSON of each field."""
    for name, annotation in get_type_hints(typed_dict, include_extras=True).items():
        is_optional = get_origin(annotation) is NotRequired
        yield name, not is_optional, describe_type(get_args(annotation)[0] if is_optional else annotation)


@pytest.mark.parametrize("name", sorted(list_typed_dicts().keys() - BASES))
def test_a_type_has_the_fields_of_its_schema(name):
    schema = SCHEMAS[name]
    served = {
        (field, field in schema.get("required", ()), describe_schema(content))
        for field, content in schema["properties"].items()
        if (name, field) not in MADE_BY_THE_CLIENT
    }

    assert {one for one in fields_of(list_typed_dicts()[name]) if (name, one[0]) not in MADE_BY_THE_CLIENT} == served


def test_every_object_of_an_answer_has_a_type():
    waiting = [str(get_args(get_type_hints(make)["return"])[0].__name__) for make in (*METHODS, *REPORTS)]
    names: set[str] = set()
    while waiting:
        names.add(name := waiting.pop())
        references = set(re.findall(r"#/components/schemas/(\w+)", str(SCHEMAS[name])))
        waiting += [one for one in references - names if "properties" in SCHEMAS[one]]

    assert names - list_typed_dicts().keys() == set()


REPORTS = (calls.report_events, calls.report_outcomes, calls.change_items)


@pytest.mark.parametrize(("make", "name"), METHODS.items())
def test_a_method_has_the_parameters_of_its_request(make, name):
    parameters = set(get_type_hints(make)) - {"return", "filters"}
    filters = set(get_type_hints(reports.RecommendationFilters)) if make is calls.recommend else set()

    assert parameters | filters == SCHEMAS[name]["properties"].keys()


def test_filters_have_the_types_of_the_request():
    filters = {name: kinds for name, _, kinds in fields_of(reports.RecommendationFilters)}
    properties = SCHEMAS["RecommendationsRequest"]["properties"]

    assert filters == {name: describe_schema(properties[name]) for name in filters}


def test_every_type_of_event_can_be_reported():
    events = SCHEMAS["EventsRequest"]["properties"]["events"]["items"]

    assert describe_type(reports.EventReport) == describe_schema(events)
