"""POST /v1/outcomes: each outcome once, in local time; what cannot be is refused without losing the others."""

from __future__ import annotations

from datetime import datetime

import pytest

from core.decisions import DecisionRow
from serving.decisions.store import DecisionFilter, DecisionStore
from tests.serving.conftest import client_for, open_api
from tests.serving.sample_release import sample_release

OUTCOMES = "/v1/outcomes"
OPENED = {"decision_id": "d1", "kind": "opened", "event_time": "2026-04-01T10:00:00+09:00"}


@pytest.fixture
def store(home):
    """A store with one decision."""
    store = DecisionStore.at(None, home / "decisions.db", data_set="shop")
    store.add([DecisionRow(decision_id="d1", customer_id="ada", decided_at=datetime(2026, 4, 1, 9), offer_id="tea10")])
    return store


@pytest.fixture
def send(home, store):
    return client_for(open_api(home / "releases"))


def counts(response) -> tuple[int, int, list[int]]:
    assert response.status_code == 200, response.text
    body = response.json()
    return body["stored"], body["already_stored"], [one["position"] for one in body["refused"]]


def test_an_outcome_without_an_id_counts_once(send, store):
    later = OPENED | {"event_time": "2026-04-01T10:00:01+09:00"}

    assert counts(send("POST", OUTCOMES, json={"outcomes": [OPENED]})) == (1, 0, [])
    assert counts(send("POST", OUTCOMES, json={"outcomes": [OPENED, later]})) == (1, 1, [])


def test_a_time_with_an_offset_becomes_local(send, store):
    zone = sample_release().description.time_zone
    send("POST", OUTCOMES, json={"outcomes": [OPENED | {"event_time": "2026-04-01T10:00:00+00:00"}]})

    (stored,) = store.find_outcomes(DecisionFilter())
    assert zone == "Asia/Tokyo"
    assert stored.event_time == datetime(2026, 4, 1, 19)


def test_an_unknown_decision_is_named_and_the_others_are_stored(send):
    response = send("POST", OUTCOMES, json={"outcomes": [OPENED | {"decision_id": "gone"}, OPENED]})

    assert counts(response) == (1, 0, [0])
    assert response.json()["refused"] == [{"position": 0, "reason": "there is no such decision"}]


def test_before_the_first_decision_nothing_is_known_and_no_database_is_made(home):
    response = client_for(open_api(home / "releases"))("POST", OUTCOMES, json={"outcomes": [OPENED]})

    assert counts(response) == (0, 0, [0])
    assert not (home / "decisions.db").exists()


@pytest.mark.parametrize(
    "body",
    [
        {"outcomes": []},
        {"outcomes": [OPENED] * 1001},
        {"outcomes": [OPENED | {"kind": "liked"}]},
        {"outcomes": [OPENED | {"event_time": "yesterday"}]},
        {"outcomes": [OPENED | {"event_time": "2026-04-01T10:00:00"}]},
        {"outcomes": [OPENED | {"amount": -1}]},
        {"outcomes": [OPENED | {"surprise": 1}]},
        {"outcomes": [{"decision_id": "d1", "kind": "opened"}]},
    ],
)
def test_an_invalid_batch_is_refused_as_a_whole(send, store, body):
    response = send("POST", OUTCOMES, json=body)

    assert (response.status_code, response.json()["type"]) == (422, "urn:kizuna:problem:invalid-request")
    assert store.find_outcomes(DecisionFilter()) == []


def test_a_stopped_database_is_a_problem_without_its_path(home):
    (home / "decisions.db").write_bytes(b"this is not a database, and longer than the header of one" * 20)

    response = client_for(open_api(home / "releases"))("POST", OUTCOMES, json={"outcomes": [OPENED]})

    assert (response.status_code, response.json()["type"]) == (503, "urn:kizuna:problem:decisions-unavailable")
    assert "decisions.db" not in response.text


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_at_the_end_of_the_calendar_is_refused(send, time):
    assert counts(send("POST", OUTCOMES, json={"outcomes": [OPENED | {"event_time": time}]})) == (0, 0, [0])
