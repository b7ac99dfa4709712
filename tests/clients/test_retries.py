"""What is sent again, when, and how long."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kizuna_client import Client, Retries, TooManyRequests, Unavailable, Unreachable, calls
from kizuna_client.errors import read_retry_after
from kizuna_client.plan import Pause, Send, plan_tries
from kizuna_client.settings import Settings
from tests.clients.conftest import serve

BUSY = (503, {"retry-after": "0"}, b'{"type": "urn:kizuna:problem:overloaded", "detail": "too many requests"}')
MISSING = (409, {}, b'{"type": "urn:kizuna:problem:model-not-released", "detail": "no churn model"}')
STORED = (200, {}, b'{"stored": 1, "already_stored": 0, "refused": []}')
VIEW = {"type": "view", "customer_id": "ada", "item_id": "pot"}


def test_a_busy_service_is_asked_again_with_the_same_ids(connect, run_script):
    script = run_script(BUSY, BUSY, STORED)

    assert connect(script.address).report_events([VIEW])["stored"] == 1
    assert len(script.bodies) == 3
    assert len(set(script.bodies)) == 1
    assert len(json.loads(script.bodies[0])["events"][0]["event_id"]) == 32


@pytest.mark.parametrize(
    ("name", "arguments", "n_requests"),
    [
        ("get_customer", {"customer_id": "ada"}, 3),
        ("list_tasks", {}, 3),
        ("score_churn", {"customer_ids": ["ada"]}, 3),
        ("recommend", {}, 3),
        ("report_events", {"events": [VIEW]}, 3),
        ("report_outcomes", {"outcomes": [{"decision_id": "d", "kind": "sent", "event_time": "today"}]}, 3),
        ("next_best_offer", {"customer_id": "ada", "record": False}, 3),
        ("next_best_offer", {"customer_id": "ada"}, 1),
        ("change_items", {"items": []}, 1),
        ("change_stock", {}, 1),
    ],
)
def test_what_may_change_something_twice_is_sent_once(run_script, name, arguments, n_requests):
    script = run_script(BUSY)

    with (
        Client(script.address, retries=Retries(tries=3, first_wait=0.001)) as client,
        pytest.raises(Unavailable) as failure,
    ):
        getattr(client, name)(**arguments)

    assert len(script.bodies) == n_requests
    assert (failure.value.problem, failure.value.retry_after) == ("urn:kizuna:problem:overloaded", 0)


def test_a_model_that_is_not_released_is_asked_for_once(connect, run_script):
    script = run_script(MISSING)

    with pytest.raises(Unavailable):
        connect(script.address).score_churn(["ada"])
    assert len(script.bodies) == 1


def test_a_wait_beyond_the_total_time_ends_at_once(connect, run_script):
    script = run_script((429, {"retry-after": "86400"}, b"{}"))

    with pytest.raises(TooManyRequests) as failure:
        connect(script.address).score_churn(["ada"])
    assert (failure.value.retry_after, len(script.bodies)) == (86_400, 1)


class LosesFirstAnswer(BaseHTTPRequestHandler):
    """Forwards requests to a server, and closes the connection in place of the first answer."""

    target: ClassVar[str]
    n_requests: ClassVar[int]

    def do_POST(self) -> None:
        kind = type(self)
        body = self.rfile.read(int(self.headers["content-length"]))
        answer = httpx.post(kind.target + self.path, content=body, headers={"content-type": "application/json"})
        kind.n_requests += 1
        if kind.n_requests > 1:
            self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n" + answer.content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - a name of http.server
        """Nothing: the output belongs to the tests."""


def test_an_event_whose_answer_was_lost_is_stored_once(connect, address):
    handler = type("Handler", (LosesFirstAnswer,), {"target": address, "n_requests": 0})
    with serve(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as proxy:
        answer = connect(proxy).report_events([VIEW])

    assert handler.n_requests == 2
    assert (answer["stored"], answer["already_stored"]) == (0, 1)


def test_a_service_that_is_not_there_is_an_error_after_the_last_try(connect):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable) as failure:
            connect(f"http://127.0.0.1:{reserved.getsockname()[1]}").score_churn(["ada"])

    assert failure.value.status is None
    assert str(failure.value) == "POST /v1/churn/score: there was no answer (ConnectError)"


def run_plan(settings, tries):
    """Feed a plan with tries of (seconds, status, Retry-After): when requests were sent, and the pauses between."""
    now, sent, pauses = 0.0, [], []
    plan = plan_tries(calls.list_tasks(), settings, clock=lambda: now, draw=lambda: 0.5)
    reply = None
    for seconds, status, wait in tries:
        try:
            step = plan.send(reply)
            if isinstance(step, Pause):
                now += step.seconds
                pauses.append(step.seconds)
                step = plan.send(None)
        except (TooManyRequests, Unavailable, Unreachable):
            break
        assert isinstance(step, Send)
        assert 0 < step.timeout <= settings.timeout
        sent.append(now)
        now += seconds
        headers = {} if wait is None else {"retry-after": str(wait)}
        reply = httpx.ConnectError("") if status is None else httpx.Response(status, headers=headers)
    return sent, pauses


@given(
    tries=st.lists(
        st.tuples(st.floats(0, 30), st.sampled_from([429, 503, None]), st.none() | st.integers(0, 40)),
        min_size=9,
        max_size=9,
    ),
    n_tries=st.integers(1, 8),
)
def test_tries_and_total_time_are_bounded_and_retry_after_is_respected(tries, n_tries):
    retries = Retries(tries=n_tries, total_seconds=60)
    sent, pauses = run_plan(Settings.of("http://kizuna", key="", timeout=10, retries=retries), tries)

    assert 1 <= len(sent) <= n_tries
    assert sent[-1] <= 60
    for pause, (_, status, wait) in zip(pauses, tries, strict=False):
        assert pause >= (wait or 0) * (status is not None)


def test_waits_double_up_to_the_longest():
    settings = Settings.of("http://kizuna", key="", timeout=10, retries=Retries(tries=7, longest_wait=3))
    plan = plan_tries(calls.list_tasks(), settings, clock=lambda: 0.0, draw=lambda: 1.0)
    next(plan)
    waits = []
    for _ in range(6):
        step = plan.send(httpx.Response(503))
        assert isinstance(step, Pause)
        waits.append(step.seconds)
        plan.send(None)

    assert waits == [0.25, 0.5, 1, 2, 3, 3]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), (" 0 ", 0), ("", None), ("soon", None), ("-1", None), ("٣", None), ("Wed, 21 Oct 2015 07:28:00 GMT", 0)],
)
def test_retry_after_is_a_number_or_a_date(header, seconds):
    assert read_retry_after(header) == seconds


def test_retry_after_may_be_a_date_in_the_future():
    wait = read_retry_after(format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True))

    assert wait is not None
    assert 3_000 < wait <= 3_600
