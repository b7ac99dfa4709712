"""The OpenAPI document, against what the service does."""

from __future__ import annotations

from pathlib import Path

import schemathesis
from hypothesis import settings

from serving.app import Face
from serving.live import LiveRelease, LiveReleaseHooks
from serving.metrics import ServiceMetrics
from serving.releases import Releases
from serving.routes import all_endpoints
from tests.serving.hand_made import hand_made


def face() -> Face:
    """A face on the hand-made release, which never touches a disk."""
    live = LiveRelease(Releases(Path("nowhere")), LiveReleaseHooks(lambda release, pointer: None, lambda: None))
    live.current = hand_made()
    return Face(live, ServiceMetrics(), all_endpoints())


@schemathesis.hook
def map_body(context, body):
    """To a JSON schema 73.0 is an integer; the service asks for 73."""
    k = body.get("k") if isinstance(body, dict) else None
    return body | {"k": int(k)} if isinstance(k, float) and k.is_integer() else body


schema = schemathesis.openapi.from_asgi("/openapi.json", face())


@schema.parametrize()
@settings(max_examples=25, deadline=None)
def test_the_service_does_what_its_document_says(case):
    case.call_and_validate()
