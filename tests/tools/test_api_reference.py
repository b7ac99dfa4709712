"""The generated part of docs/reference/api.md is current and complete."""

from __future__ import annotations

import pytest

from serving.http.app import all_endpoints
from serving.http.problems import ProblemType
from tools.api_reference import PAGE, describe_type, render_page


def test_the_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == render_page(), "run: python -m tools.api_reference"


def test_every_route_and_error_type_is_on_the_page():
    page = render_page()

    assert [each.template for each in all_endpoints() if f"### {each.method} {each.template}\n" not in page] == []
    assert [problem.urn for problem in ProblemType if problem.urn not in page] == []


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 1000}, "integer (1 to 1,000)"),
        ({"anyOf": [{"type": "string", "maxLength": 5}, {"type": "null"}]}, "text (at most 5) or null"),
        ({"type": "array", "items": {"type": "string", "format": "date"}}, "list of date"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "object of number"),
        ({"enum": ["low", ""]}, '`low`, `""`'),
        ({"type": "array", "items": {"anyOf": [{"type": "number"}, {"type": "null"}]}}, "list of (number or null)"),
    ],
)
def test_a_schema_is_described_in_words(schema, text):
    assert describe_type(schema) == text
