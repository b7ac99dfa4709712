"""Tasks reach a real server on this machine: one that fails at first, one that refuses, one that is down."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest

from core.tasks import TaskChange, TaskState
from serving.tasks.delivery import Webhook, deliver, signature_of
from serving.tasks.store import TaskFilter, TaskStore
from tests.core.test_tasks import LATER
from tests.serving.conftest import free_port
from tests.serving.tasks.test_store import QUIET, task

SECRET = "a secret of some length"


@dataclass
class Receiver:
    """A CRM that answers with these statuses, one after the other, and then takes everything."""

    statuses: list[int]
    address: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def customers(self) -> list[str]:
        """Whose tasks arrived, each time."""
        return [json.loads(body)["task"]["customer_id"] for _, body in self.got]


@contextmanager
def receiver(*statuses: int) -> Iterator[Receiver]:
    """A real HTTP server for as long as the block."""
    found = Receiver(list(statuses))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            found.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(found.statuses.pop(0) if found.statuses else 204)
            self.end_headers()

        def log_request(self, code="-", size="-"):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.address = f"http://127.0.0.1:{server.server_port}/tasks"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield found
        server.shutdown()
        thread.join()


@pytest.fixture
def store(tmp_path) -> TaskStore:
    """With the tasks of Ada and Bo."""
    store = TaskStore.at(None, tmp_path / "tasks.db", "shop")
    store.add([task("ada"), task("bo")], QUIET)
    return store


def webhook(address: str, slept: list[float] | None = None) -> Webhook:
    return Webhook(address, SECRET, sleep=(slept if slept is not None else []).append)


def undelivered(store: TaskStore) -> list[str]:
    return [one.customer_id for one in store.find(TaskFilter(undelivered=True), 10).tasks]


def is_signed(headers: dict[str, str], body: bytes) -> bool:
    """What a receiver does to know that it comes from us, and lately."""
    said = dict(part.split("=", 1) for part in headers["kizuna-signature"].split(","))
    wanted = hmac.new(SECRET.encode(), f"{said['t']}.".encode() + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, said["v1"]) and abs(time.time() - int(said["t"])) < 300


def test_every_open_task_arrives_once_oldest_first_and_signed(store):
    with receiver() as crm:
        first, second = (deliver(store, webhook(crm.address)) for _ in range(2))

    assert crm.customers == ["ada", "bo"]
    assert (first.taken, first.waiting, second.taken) == (2, 0, 0)
    assert all(is_signed(headers, body) for headers, body in crm.got)
    assert [headers["kizuna-delivery"] for headers, _ in crm.got] == [task("ada").task_id, task("bo").task_id]
    assert undelivered(store) == []


def test_what_arrives_is_what_the_api_answers_with(store):
    kept = msgspec.to_builtins(store.find(TaskFilter(customer_id="ada"), 1).tasks[0])
    with receiver() as crm:
        deliver(store, webhook(crm.address))

    said = json.loads(crm.got[0][1])["task"]
    assert said == kept
    assert (said["action"], said["action_ja"]) == ("call", "call")


@pytest.mark.parametrize("failing", [503, 500, 429])
def test_a_server_that_fails_twice_gets_the_same_task_a_third_time(store, failing):
    slept: list[float] = []
    with receiver(failing, failing) as crm:
        found = deliver(store, webhook(crm.address, slept))

    assert crm.customers == ["ada", "ada", "ada", "bo"]
    assert slept == [1.0, 2.0]
    assert (found.taken, found.waiting, found.problems) == (2, 0, {})


def test_a_server_that_is_down_is_tried_a_few_times_and_again_at_the_next_run(store):
    slept: list[float] = []
    down = deliver(store, webhook(f"http://127.0.0.1:{free_port()}/", slept))

    assert (down.taken, down.waiting, down.problems) == (0, 2, {"out of reach, ConnectError": 2})
    assert slept == [1.0, 2.0, 4.0]
    with receiver() as crm:
        assert deliver(store, webhook(crm.address)).taken == 2


def test_a_task_that_is_refused_is_not_repeated_at_once_and_keeps_no_other_waiting(store):
    slept: list[float] = []
    with receiver(400) as crm:
        found = deliver(store, webhook(crm.address, slept))

    assert (crm.customers, slept) == (["ada", "bo"], [])
    assert (found.taken, found.waiting, found.problems) == (1, 1, {"it answered 400": 1})
    assert undelivered(store) == ["ada"]


def test_a_redirect_is_not_followed(store):
    with receiver(302, 302) as crm:
        assert deliver(store, webhook(crm.address)).problems == {"it answered 302": 2}


def test_what_is_done_already_is_not_delivered(store):
    store.change(task("ada").task_id, TaskChange(state=TaskState.DONE), LATER)
    with receiver() as crm:
        deliver(store, webhook(crm.address))

    assert crm.customers == ["bo"]


@pytest.mark.parametrize("changed", [(b"{ }", SECRET, 1), (b"{}", "another secret", 1), (b"{}", SECRET, 2)])
def test_another_body_secret_or_time_is_another_signature(changed: Sequence):
    assert signature_of(*changed) != signature_of(b"{}", SECRET, 1)


def test_the_signature_is_what_openssl_says():
    # printf '1.{}' | openssl dgst -sha256 -hmac key
    assert signature_of(b"{}", "key", 1) == "t=1,v1=1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224"
