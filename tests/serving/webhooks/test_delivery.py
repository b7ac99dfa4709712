"""Delivery of tasks to a real server on this machine: one that fails at first, one that rejects, one that is down."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest
import standardwebhooks

from core.addresses import read_networks
from core.errors import NotFound
from core.tasks import TaskChange, TaskState
from core.webhooks import EventType
from serving.tasks.store import TaskFilter, TaskStore
from serving.webhooks.delivery import Delivery, DeliveryReport
from serving.webhooks.outbox import Outbox
from serving.webhooks.sending import Webhook
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
def receiver(*statuses: int, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A real HTTP server inside the block, with `tls` an HTTPS server."""
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
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        crm.address = f"{'http' if tls is None else 'https'}://127.0.0.1:{server.server_port}/tasks"
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


def outbox_of(store: TaskStore) -> Outbox:
    """The outbox in the store's database."""
    return Outbox.at(store.database.url, Path(), data_set=store.data_set)


def webhook(address: str, waits: list[float] | None = None) -> Webhook:
    """A webhook on this host that records its waits instead of sleeping."""
    sleep = (waits if waits is not None else []).append
    return Webhook(address=address, secret=SECRET, allowed=read_networks(["127.0.0.1"]), sleep=sleep)


def deliver(store: TaskStore, webhook: Webhook, *, max_runs: int = 5) -> DeliveryReport:
    """One run."""
    return Delivery(
        outbox=outbox_of(store), tasks=store, webhook=webhook, events=(EventType.TASK_CREATED,), max_runs=max_runs
    ).run()


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
    assert report.problems == {"webhook unavailable, ConnectError": 1}
    assert waits == [1.0, 2.0, 4.0]
    with receiver() as crm:
        assert deliver(store, webhook(crm.address)).delivered == 2


def test_a_rejected_task_becomes_a_dead_letter_and_does_not_hold_up_others(store):
    waits: list[float] = []
    with receiver(400) as crm:
        report, second = deliver(store, webhook(crm.address, waits)), deliver(store, webhook(crm.address))

    assert (crm.customer_ids, waits) == (["ada", "bo"], [])
    assert (report.delivered, report.waiting, report.dead, report.problems) == (1, 0, 1, {"status 400": 1})
    assert (second.delivered, second.dead) == (0, 0)
    assert waiting_customers(store) == ["ada"]
    (letter,) = outbox_of(store).find_dead(10)
    assert (letter.webhook_id, letter.status, letter.n_runs) == (task("ada").task_id, 400, 1)


def test_a_dead_letter_that_is_sent_again_arrives_with_the_same_id(store):
    with receiver(400, 410) as crm:
        deliver(store, webhook(crm.address))
        assert outbox_of(store).revive([task("bo").task_id]) == 1
        assert deliver(store, webhook(crm.address)).delivered == 1
        assert outbox_of(store).revive(None) == 1
        assert deliver(store, webhook(crm.address)).delivered == 1

    assert crm.customer_ids == ["ada", "bo", "bo", "ada"]
    ids = [headers["webhook-id"] for headers, _ in crm.requests]
    assert (ids[0], ids[1]) == (ids[3], ids[2])
    assert (outbox_of(store).find_dead(10), waiting_customers(store)) == ([], [])


def test_an_id_that_is_no_dead_letter_is_refused_and_changes_nothing(store):
    with receiver(400) as crm:
        deliver(store, webhook(crm.address))

    with pytest.raises(NotFound, match="no such dead letter"):
        outbox_of(store).revive([task("ada").task_id, task("bo").task_id])
    assert outbox_of(store).count_dead() == 1


def test_a_task_that_fails_in_every_run_becomes_a_dead_letter_and_lets_the_next_one_through(store):
    with receiver(*[500] * 8) as crm:
        first = deliver(store, webhook(crm.address), max_runs=2)
        store.add([task("cyd")], cooldown_days=COOLDOWN_DAYS)
        crm.statuses[:] = [500] * 4
        second = deliver(store, webhook(crm.address), max_runs=2)

    assert (first.dead, first.waiting, second.dead, second.delivered) == (0, 2, 1, 2)
    assert [letter.problem for letter in outbox_of(store).find_dead(10)] == ["webhook unavailable, status 500"]


def test_a_server_that_fails_for_three_events_gets_no_fourth_in_this_run(store):
    store.add([task("cyd"), task("dee")], cooldown_days=COOLDOWN_DAYS)
    with receiver(*[503] * 12) as crm:
        report = deliver(store, webhook(crm.address))

    assert (len(crm.requests), report.waiting, report.delivered) == (12, 4, 0)


def test_redirects_are_not_followed(store):
    with receiver(302, 302) as crm:
        assert deliver(store, webhook(crm.address)).problems == {"status 302": 2}


def test_a_task_that_is_done_is_not_delivered(store):
    store.change(task("ada").task_id, TaskChange(state=TaskState.DONE), now=LATER)
    with receiver() as crm:
        deliver(store, webhook(crm.address))

    assert crm.customer_ids == ["bo"]


def test_a_task_that_is_done_before_its_second_run_is_withdrawn(store):
    with receiver(*[503] * 8) as crm:
        deliver(store, webhook(crm.address))
        store.change(task("ada").task_id, TaskChange(state=TaskState.DONE), now=LATER)
        report = deliver(store, webhook(crm.address))

    assert (report.delivered, report.withdrawn, report.waiting) == (1, 1, 0)


def test_a_run_with_a_time_limit_leaves_the_others_to_the_next_run(store):
    times = iter([0.0, 1.0, 61.0])
    with receiver() as crm:
        report = Delivery(
            outbox=outbox_of(store), tasks=store, webhook=webhook(crm.address), events=(EventType.TASK_CREATED,),
            max_runs=5, max_seconds=60, clock=lambda: next(times),
        ).run()  # fmt: skip

    assert (crm.customer_ids, report.waiting) == (["ada"], 1)


def test_a_webhook_on_this_host_gets_nothing_unless_it_is_allowed(store):
    with receiver() as crm:
        report = deliver(store, replace(webhook(crm.address), allowed=()))

    assert (crm.requests, report.delivered, report.waiting, report.dead) == ([], 0, 2, 0)
    (problem,) = report.problems
    assert 'set allow_addresses = ["127.0.0.1"] under [webhooks]' in problem
