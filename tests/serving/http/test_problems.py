"""Responses to requests that fail their schema are in plain words, without text of the caller."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
import pytest

from serving.http.problems import invalid_request

TIME = "expected a time with an offset, such as 2026-04-01T12:00:00+09:00"


class Sample(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=3)]
    k: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1
    ids: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=2)] = ("x",)
    order: Literal["up", "down"] = "up"
    share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    row: int | None = None
    where: dict[str, str] = msgspec.field(default_factory=dict)
    curve: bool = True
    at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


@pytest.mark.parametrize(
    ("body", "detail", "field"),
    [
        ("{}", "the field 'name' is missing", "$"),
        ('{"name": 1}', "expected text, found a whole number", "$.name"),
        ('{"name": ""}', "expected text of at least 1 characters", "$.name"),
        ('{"name": "secret"}', "expected text of at most 3 characters", "$.name"),
        ('{"name": "x", "k": 0}', "expected a whole number of at least 1", "$.k"),
        ('{"name": "x", "k": 1.5}', "expected a whole number, found a number", "$.k"),
        ('{"name": "x", "ids": []}', "expected a list of at least 1 entries", "$.ids"),
        ('{"name": "x", "ids": [1]}', "expected text, found a whole number", "$.ids[0]"),
        ('{"name": "x", "order": "secret"}', "it is none of the values that the schema lists", "$.order"),
        ('{"name": "x", "share": 2}', "expected a number of at most 1", "$.share"),
        ('{"name": "x", "row": "secret"}', "expected a whole number or null, found text", "$.row"),
        ('{"name": "x", "where": []}', "expected an object, found a list", "$.where"),
        ('{"name": "x", "curve": 1}', "expected true or false, found a whole number", "$.curve"),
        ('{"name": "x", "at": "secret"}', TIME, "$.at"),
        ('{"name": "x", "at": "2026-04-01T12:00:00"}', TIME, "$.at"),
        ('{"name": "x", "at": 1}', TIME, "$.at"),
        ("[]", "expected an object, found a list", "$"),
        ('{"name": "x", "secret": 1}', "there is a field that this route does not know", "$"),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(body, detail, field):
    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.json.decode(body, type=Sample)

    problem = invalid_request(error.value)

    assert (problem.detail, problem.field) == (detail, field)
