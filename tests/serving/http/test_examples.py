"""The OpenAPI document groups the routes, and its examples are requests and responses that fit the schemas."""

from __future__ import annotations

import jsonschema_rs
import msgspec
import pytest

from serving.http.app import all_endpoints
from serving.http.openapi import EXAMPLES, TAGS, example_of, name_of, openapi_document, tag_of
from serving.http.schema import Endpoint

ENDPOINTS = all_endpoints()
DOCUMENT = openapi_document(ENDPOINTS)
every_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=name_of)


def violations(value, schema_name: str) -> list[str]:
    """Where a value differs from a schema of the document."""
    schema = {"$ref": f"#/components/schemas/{schema_name}", "components": DOCUMENT["components"]}
    return [
        f"{error.instance_path}: {error.message}" for error in jsonschema_rs.validator_for(schema).iter_errors(value)
    ]


@every_endpoint
def test_an_endpoint_has_a_tag_that_the_document_describes(endpoint: Endpoint):
    assert tag_of(endpoint) in TAGS


def test_every_route_is_grouped():
    operations = [operation for path in DOCUMENT["paths"].values() for operation in path.values()]

    assert {tag for operation in operations for tag in operation["tags"]} == set(TAGS)
    assert [tag["name"] for tag in DOCUMENT["tags"]] == list(TAGS)


@every_endpoint
def test_the_example_of_a_request_is_read_without_an_error(endpoint: Endpoint):
    msgspec.json.decode(msgspec.json.encode(example_of(endpoint)["request"]), type=endpoint.request)


@every_endpoint
def test_the_example_of_a_response_fits_its_schema_and_has_no_other_field(endpoint: Endpoint):
    response = example_of(endpoint)["response"]

    assert violations(response, endpoint.response.__name__) == []
    assert set(response) == set(DOCUMENT["components"]["schemas"][endpoint.response.__name__]["properties"])


def test_a_wrong_example_would_be_noticed():
    assert violations({"release_id": 7}, "StockResponse")


def test_no_example_is_left_of_an_endpoint_that_is_gone():
    assert {path.stem for path in EXAMPLES.iterdir()} == {name_of(endpoint) for endpoint in ENDPOINTS}


def test_the_document_shows_examples_of_bodies_paths_queries_and_responses():
    paths = DOCUMENT["paths"]
    score = paths["/v1/churn/score"]["post"]
    similar = {each["name"]: each for each in paths["/v1/items/{item_id}/similar"]["get"]["parameters"]}
    change = paths["/v1/tasks/{task_id}"]["patch"]

    assert score["requestBody"]["content"]["application/json"]["example"]["customer_ids"]
    assert score["responses"]["200"]["content"]["application/json"]["example"]["scores"]
    assert (similar["item_id"]["example"], similar["k"]["example"]) == ("i0019", 2)
    assert set(change["requestBody"]["content"]["application/json"]["example"]) == {"state", "outcome", "note"}
