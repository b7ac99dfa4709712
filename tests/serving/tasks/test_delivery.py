"""Delivery of tasks to a real server on this machine: one that fails at first, one that rejects, one that is down."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest
import standardwebhooks

from core.tasks import TaskChange, TaskState
from serving.tasks.delivery import Webhook, deliver
from serving.tasks.store import TaskFilter, TaskStore
from tests.core.test_tasks import LATER
from tests.serving.conftest import free_port
from tests.serving.tasks.test_store import COOLDOWN_DAYS, task

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Receiver:
    """A CRM that responds with these statuses in turn, and then accepts everything."""

    statuses: list[int]
    address: str = ""
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def customer_ids(self) -> list[str]:
        """The customers of the tasks that arrived."""
        return [json.loads(body)["data"]["customer_id"] for _, body in self.requests]


@contextmanager
def receiver(*statuses: int) -> Iterator[Receiver]:
    """A real HTTP server inside the block."""
    crm = Receiver(list(statuses))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            crm.requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(crm.statuses.pop(0) if crm.statuses else 204)
            self.end_headers()

        def log_request(self, code="-", size="-"):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        crm.address = f"http://127.0.0.1:{server.server_port}/tasks"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield crm
        server.shutdown()
        thread.join()


@pytest.fixture
def store(tmp_path) -> TaskStore:
    """A store with tasks of Ada and Bo."""
    store = TaskStore.at(None, tmp_path / "tasks.db", data_set="shop")
    store.add([task("ada"), task("bo")], cooldown_days=COOLDOWN_DAYS)
    return store


def webhook(address: str, waits: list[float] | None = None) -> Webhook:
    """A webhook that records its waits instead of sleeping."""
    return Webhook(address, SECRET, sleep=(waits if waits is not None else []).append)


def waiting_customers(store: TaskStore) -> list[str]:
    return [one.customer_id for one in store.find(TaskFilter(undelivered=True), 10).tasks]


def test_every_open_task_arrives_once_oldest_first_and_signed(store):
    with receiver() as crm:
        first, second = (deliver(store, webhook(crm.address)) for _ in range(2))

    assert crm.customer_ids == ["ada", "bo"]
    assert (first.delivered, first.waiting, second.delivered) == (2, 0, 0)
    for headers, body in crm.requests:
        standardwebhooks.Webhook(SECRET).verify(body, headers)
    assert [headers["webhook-id"] for headers, _ in crm.requests] == [task("ada").task_id, task("bo").task_id]
    assert waiting_customers(store) == []


def test_a_changed_body_or_another_secret_fails_the_verification(store):
    with receiver() as crm:
        deliver(store, webhook(crm.address))

    headers, body = crm.requests[0]
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(SECRET).verify(body + b" ", headers)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook("whsec_" + "A" * 32).verify(body, headers)


def test_the_body_contains_the_task_as_in_the_api(store):
    stored = msgspec.to_builtins(store.find(TaskFilter(customer_id="ada"), 1).tasks[0])
    with receiver() as crm:
        deliver(store, webhook(crm.address))

    body = json.loads(crm.requests[0][1])
    assert (body["type"], body["timestamp"]) == ("task.created", stored["created_at"])
    assert body["data"] == stored
    assert (body["data"]["action"], body["data"]["action_ja"]) == ("call", "call")


@pytest.mark.parametrize("status", [503, 500, 429])
def test_a_server_that_fails_twice_gets_the_same_task_a_third_time(store, status):
    waits: list[float] = []
    with receiver(status, status) as crm:
        report = deliver(store, webhook(crm.address, waits))

    assert crm.customer_ids == ["ada", "ada", "ada", "bo"]
    assert waits == [1.0, 2.0]
    assert (report.delivered, report.waiting, report.problems) == (2, 0, {})


def test_a_server_that_is_down_is_tried_four_times_and_again_in_the_next_run(store):
    waits: list[float] = []
    report = deliver(store, webhook(f"http://127.0.0.1:{free_port()}/", waits))

    assert (report.delivered, report.waiting) == (0, 2)
    assert report.problems == {"webhook unavailable, ConnectError": 2}
    assert waits == [1.0, 2.0, 4.0]
    with receiver() as crm:
        assert deliver(store, webhook(crm.address)).delivered == 2


def test_a_rejected_task_is_not_retried_at_once_and_does_not_hold_up_others(store):
    waits: list[float] = []
    with receiver(400) as crm:
        report = deliver(store, webhook(crm.address, waits))

    assert (crm.customer_ids, waits) == (["ada", "bo"], [])
    assert (report.delivered, report.waiting, report.problems) == (1, 1, {"status 400": 1})
    assert waiting_customers(store) == ["ada"]


def test_redirects_are_not_followed(store):
    with receiver(302, 302) as crm:
        assert deliver(store, webhook(crm.address)).problems == {"status 302": 2}


def test_a_task_that_is_done_is_not_delivered(store):
    store.change(task("ada").task_id, TaskChange(state=TaskState.DONE), now=LATER)
    with receiver() as crm:
        deliver(store, webhook(crm.address))

    assert crm.customer_ids == ["bo"]
