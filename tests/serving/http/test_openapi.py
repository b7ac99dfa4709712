"""The service does what its OpenAPI document says, for generated requests."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import schemathesis
from hypothesis import settings
from schemathesis.config import SchemathesisConfig

from core.access import Scope, new_key
from serving.http.app import Api, all_endpoints
from serving.http.gate import Gate
from serving.http.live import LiveRelease, LiveReleaseHooks
from serving.http.metrics import ServiceMetrics
from serving.http.openapi import SECURITY
from serving.keys.file import KeyFile
from serving.keys.live import LiveKeys
from serving.release.releases import Releases
from tests.serving.sample_release import NOW, sample_release

HOME = TemporaryDirectory()
"The folder of the stock file."
LISTS = ("similar_to", "bought_with", "trending")
INTEGERS = ("k", "contributions", "at_most_per_category", "horizon_days")


def sample_api() -> tuple[str, Api]:
    """A key, and the application on the sample release that accepts it alone."""
    live = LiveRelease(Releases(Path(HOME.name)), LiveReleaseHooks(lambda release, activation: None, lambda: None))
    live.current = sample_release()
    key, text = new_key("generated", (Scope.ADMIN,), now=NOW)
    file = KeyFile(Path(HOME.name) / "keys.json")
    file.add(key)
    return text, Api(live, all_endpoints(), metrics=ServiceMetrics(), gate=Gate(keys=LiveKeys(file)))


@schemathesis.hook
def map_body(context, body):
    """Satisfy rules that JSON Schema cannot express: 73.0 is not an integer, and some fields exclude one another."""
    if not isinstance(body, dict):
        return body
    integers = {
        name: int(body[name]) for name in INTEGERS if isinstance(body.get(name), float) and body[name].is_integer()
    }
    allows_single_value = {"where": False, "preferences": True}
    attributes = {
        name: keep_existing(body[name], single)
        for name, single in allows_single_value.items()
        if isinstance(body.get(name), dict)
    }
    return resolve_conflicts(body | integers | attributes)


def keep_existing(by_attribute, allows_single_value):
    """Remove attributes that the sample items do not have; invalid values stay, and must be refused."""
    if len(by_attribute) > 20:
        return by_attribute
    return {
        name: values
        for name, values in by_attribute.items()
        if name in ("category", "colour") or not (1 <= len(name) <= 64 and is_valid(values, allows_single_value))
    }


def is_valid(values, allows_single_value):
    """Whether these are attribute values according to the document."""
    items = [values] if allows_single_value and isinstance(values, str) else values
    return isinstance(items, list) and 1 <= len(items) <= 100 and all(is_short_text(item) for item in items)


def is_short_text(value):
    """Whether this is an attribute value or an id according to the document."""
    return isinstance(value, str) and 1 <= len(value) <= 128


def resolve_conflicts(body):
    """Order the price range, and keep at most one list."""
    lists = [name for name in LISTS if body.get(name) is True or is_short_text(body.get(name))]
    body = {name: value for name, value in body.items() if name not in lists[1:]}
    lowest, highest = body.get("price_min"), body.get("price_max")
    if isinstance(lowest, int | float) and isinstance(highest, int | float):
        body |= {"price_min": min(lowest, highest), "price_max": max(lowest, highest)}
    return body


REFUSALS = ["400", "401", "404", "413", "415", "422"]
"Statuses for an invalid request. 413 is not a default of schemathesis: a list with too many values may be too large."

KEY, API = sample_api()
schema = schemathesis.openapi.from_asgi(
    "/openapi.json",
    API,
    headers={"authorization": f"Bearer {KEY}"},
    config=SchemathesisConfig.from_dict(
        {
            "auth": {"openapi": {SECURITY: {"bearer": KEY}}},
            "checks": {"negative_data_rejection": {"expected-statuses": REFUSALS}},
        }
    ),
)


@schema.parametrize()
@settings(max_examples=60, deadline=None)
def test_a_generated_request_gets_a_documented_response(case):
    case.call_and_validate()
