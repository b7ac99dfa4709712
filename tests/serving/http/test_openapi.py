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


def sample_api() -> tuple[str, Api]:
    """A key, and the application on the sample release that accepts it alone."""
    live = LiveRelease(Releases(Path(HOME.name)), LiveReleaseHooks(lambda release, activation: None, lambda: None))
    live.current = sample_release()
    key, text = new_key("generated", (Scope.ADMIN,), now=NOW)
    file = KeyFile(Path(HOME.name) / "keys.json")
    file.add(key)
    return text, Api(live, all_endpoints(), metrics=ServiceMetrics(), gate=Gate(keys=LiveKeys(file)))


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
