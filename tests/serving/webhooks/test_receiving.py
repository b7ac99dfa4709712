"""The receiver of docs/guide/crm.md handles each event once, and none that is forged or old."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks

from tests.serving.webhooks.test_delivery import SECRET, deliver, outbox_of, receiver, store, webhook

GUIDE = Path(__file__).parents[3] / "docs" / "guide"
__all__ = ["store"]


def example_of(page: Path) -> str:
    """The receiver on a page of the guide."""
    text = page.read_text()
    start = text.index("```python\nimport sqlite3")
    return text[start + len("```python\n") : text.index("```", start + 3)]


@pytest.fixture
def crm():
    """A receiver by the guide: call it with a body and headers."""
    names: dict[str, Any] = {}
    exec(example_of(GUIDE / "crm.md"), names)  # noqa: S102
    return Crm(names["receive"])


class Crm:
    """A receiver and what it has handled."""

    def __init__(self, receive: Any) -> None:
        self._receive = receive
        self.database = sqlite3.connect(":memory:")
        self.handled: list[Any] = []
        self.is_broken = False

    def __call__(self, body: bytes, headers: dict[str, str]) -> int:
        """The status of the response."""
        return self._receive(body, headers, secret=SECRET, database=self.database, handle=self._handle)

    def _handle(self, event: Any) -> None:
        if self.is_broken:
            raise sqlite3.IntegrityError("the event cannot be stored")
        self.handled.append(event)


@pytest.fixture
def request_of_ada(store) -> tuple[bytes, dict[str, str]]:
    """A request as Kizuna sends it."""
    with receiver() as server:
        deliver(store, webhook(server.address))
    headers, body = server.requests[0]
    return body, headers


def test_an_event_is_handled_once_however_often_it_arrives(crm, request_of_ada):
    body, headers = request_of_ada

    assert [crm(body, headers) for _ in range(3)] == [204, 204, 204]
    assert [event["data"]["customer_id"] for event in crm.handled] == ["ada"]


def test_a_dead_letter_that_is_sent_again_is_handled_once(crm, store):
    with receiver(400, 204) as server:
        deliver(store, webhook(server.address))
        outbox_of(store).revive(None)
        deliver(store, webhook(server.address))

    assert [crm(body, headers) for headers, body in server.requests] == [204] * 3
    assert [event["data"]["customer_id"] for event in crm.handled] == ["ada", "bo"]


@pytest.mark.parametrize(("minutes", "status"), [(-4.9, 204), (-5.1, 401), (4.9, 204), (5.1, 401)])
def test_a_request_is_refused_when_its_time_is_five_minutes_off(crm, request_of_ada, minutes, status):
    body, headers = request_of_ada
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    signature = standardwebhooks.Webhook(SECRET).sign(headers["webhook-id"], moment, body.decode())
    headers |= {"webhook-timestamp": str(int(moment.timestamp())), "webhook-signature": signature}

    assert (crm(body, headers), len(crm.handled)) == (status, status == 204)


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp"])
def test_a_request_with_another_id_or_time_is_refused(crm, request_of_ada, header):
    body, headers = request_of_ada
    headers[header] = "0123456789abcdef" if header == "webhook-id" else str(int(time.time()) + 2)

    assert (crm(body, headers), crm.handled) == (401, [])


def test_an_event_that_could_not_be_handled_is_handled_when_it_comes_again(crm, request_of_ada):
    crm.is_broken = True
    with pytest.raises(sqlite3.IntegrityError):
        crm(*request_of_ada)
    crm.is_broken = False

    assert crm(*request_of_ada) == 204
    assert len(crm.handled) == 1


def test_each_attempt_is_signed_with_a_time_of_its_own(store, monkeypatch):
    def wait_minutes(seconds: float) -> None:
        del seconds
        monkeypatch.setattr("serving.webhooks.sending.datetime", Later)

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime.now(tz) + timedelta(minutes=4)

    with receiver(503) as server:
        deliver(store, replace(webhook(server.address), sleep=wait_minutes))

    first, second = server.requests[0][0], server.requests[1][0]
    assert first["webhook-id"] == second["webhook-id"]
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) in range(239, 243)


def test_the_japanese_guide_has_the_same_receiver():
    assert example_of(GUIDE / "ja" / "crm.md") == example_of(GUIDE / "crm.md")
