"""The OpenAPI document, against what the service does."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import schemathesis
from hypothesis import settings
from schemathesis.config import SchemathesisConfig

from serving.http.app import Api
from serving.http.live import LiveRelease, LiveReleaseHooks
from serving.http.metrics import ServiceMetrics
from serving.release.releases import Releases
from serving.routes import all_endpoints
from tests.serving.hand_made import hand_made

HOME = TemporaryDirectory()
"Where the face writes down what is out of stock."
LISTS = ("similar_to", "bought_with", "trending")
WHOLE = ("k", "contributions", "at_most_per_category", "horizon_days")


def face() -> Api:
    """A face on the hand-made release."""
    live = LiveRelease(Releases(Path(HOME.name)), LiveReleaseHooks(lambda release, pointer: None, lambda: None))
    live.current = hand_made()
    return Api(live, ServiceMetrics(), all_endpoints())


@schemathesis.hook
def map_body(context, body):
    """What a JSON schema cannot say: 73.0 is no integer, and fields that contradict each other are refused."""
    if not isinstance(body, dict):
        return body
    whole = {name: int(body[name]) for name in WHOLE if isinstance(body.get(name), float) and body[name].is_integer()}
    alone = {"where": False, "preferences": True}
    known = {name: only_known(body[name], may) for name, may in alone.items() if isinstance(body.get(name), dict)}
    return agreeing(body | whole | known)


def only_known(by_attribute, may_stand_alone):
    """Without attributes that the hand-made items do not have; what is wrong in itself stays, to be refused."""
    if len(by_attribute) > 20:
        return by_attribute
    return {
        name: words
        for name, words in by_attribute.items()
        if name in ("category", "colour") or not (1 <= len(name) <= 64 and are_words(words, may_stand_alone))
    }


def are_words(words, may_stand_alone):
    """Whether this is a list of words, or where it may stand alone a word, as the document says."""
    listed = [words] if may_stand_alone and isinstance(words, str) else words
    fits = isinstance(listed, list) and 1 <= len(listed) <= 100
    return fits and all(is_word(word) for word in listed)


def is_word(word):
    """Whether the document lets this pass as a word, or an id."""
    return isinstance(word, str) and 1 <= len(word) <= 128


def agreeing(body):
    """With prices the right way round, and one list asked for at most."""
    asked = [name for name in LISTS if body.get(name) is True or is_word(body.get(name))]
    body = {name: value for name, value in body.items() if name not in asked[1:]}
    lowest, highest = body.get("price_min"), body.get("price_max")
    if isinstance(lowest, int | float) and isinstance(highest, int | float):
        body |= {"price_min": min(lowest, highest), "price_max": max(lowest, highest)}
    return body


REFUSALS = ["400", "404", "413", "415", "422"]
"""What is wrong may be refused with: schemathesis does not expect 413 by itself, and a list of more words than are
allowed may be a body of more bytes than are read."""

schema = schemathesis.openapi.from_asgi(
    "/openapi.json",
    face(),
    config=SchemathesisConfig.from_dict({"checks": {"negative_data_rejection": {"expected-statuses": REFUSALS}}}),
)


@schema.parametrize()
@settings(max_examples=60, deadline=None)
def test_the_service_does_what_its_document_says(case):
    case.call_and_validate()
