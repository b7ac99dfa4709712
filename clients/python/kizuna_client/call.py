"""One request to one route, before it is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, TypeVar
from urllib.parse import quote

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, kw_only=True)
class Call(Generic[T_co]):
    """A request whose answer is a `T_co`."""

    method: str
    route: str
    "With names in braces, as in the OpenAPI document: /v1/customers/{customer_id}."
    is_repeatable: bool
    "Whether a second request changes nothing, so that it may be sent again after a failure."
    path: Mapping[str, str] = field(default_factory=dict[str, str])
    "Values of the names in braces."
    query: Mapping[str, object] = field(default_factory=dict[str, object])
    body: bytes | None = None

    @property
    def name(self) -> str:
        """The request as errors show it: without the ids of customers."""
        return f"{self.method} {self.route}"

    @property
    def address(self) -> str:
        """The path with its values; no value can leave its place in it."""
        return self.route.format_map({name: quote(value, safe="") for name, value in self.path.items()})

    @property
    def parameters(self) -> dict[str, str]:
        """The query, without what is not given."""
        return {name: str(value) for name, value in self.query.items() if value is not None}


def encode(body: Mapping[str, object]) -> bytes:
    """JSON without the fields that are not given; times and days in ISO 8601. Raises ValueError for NaN."""
    given = {name: value for name, value in body.items() if value is not None}
    try:
        return json.dumps(given, allow_nan=False, separators=(",", ":"), default=_convert).encode()
    except ValueError:
        raise ValueError("a number is NaN or infinite, which JSON cannot express; leave its field out") from None


def _convert(value: object) -> object:
    if isinstance(value, date):  # a datetime, too
        return value.isoformat()
    raise TypeError(f"a request cannot contain a {type(value).__name__}; use text, numbers, lists or dictionaries")
