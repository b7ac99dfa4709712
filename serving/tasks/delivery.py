"""New tasks go to a webhook: signed, tried a few times, and again at the next run until it takes them.

    POST <webhook>  {"type": "task.created", "task": {...}}   -> 2xx: taken
    Kizuna-Signature: t=1790000000,v1=5257a8...                  HMAC-SHA256 of "1790000000.<body>", in hex

The time is signed with the body, so that a message that somebody overheard cannot be sent again later. A task may
arrive twice (its answer was lost), and then with the same Kizuna-Delivery.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import msgspec

from core.tasks import Task, TaskState
from serving.tasks.store import TaskFilter, TaskStore

WAITS_SECONDS = (1.0, 2.0, 4.0)
"Between one attempt and the next."
TIMEOUT_SECONDS = 10.0
AT_ONCE = 10_000
"Tasks a run; the next run takes the others."
BUSY = 429


class OutOfReach(Exception):
    """The webhook did not take a task although it was tried several times; the message says what it answered."""


@dataclass(frozen=True)
class Webhook:
    """Where tasks are sent to."""

    address: str
    secret: str
    waits_seconds: tuple[float, ...] = WAITS_SECONDS
    sleep: Callable[[float], None] = time.sleep

    def send(self, client: httpx.Client, task: Task) -> int:
        """The status that the webhook answered with. Raises OutOfReach after the last attempt.

        No answer, 429 and 5xx are tried again; anything else is an answer.
        """
        body = msgspec.json.encode({"type": "task.created", "task": task})
        said = ""
        for wait in (*self.waits_seconds, None):
            try:
                status = client.post(self.address, content=body, headers=self._headers(body, task)).status_code
                if status != BUSY and status < 500:
                    return status
                said = f"it answered {status}"
            except httpx.TransportError as fault:
                said = type(fault).__name__
            if wait is not None:
                self.sleep(wait)
        raise OutOfReach(said)

    def _headers(self, body: bytes, task: Task) -> dict[str, str]:
        return {
            "content-type": "application/json",
            "kizuna-delivery": task.task_id,
            "kizuna-signature": signature_of(body, self.secret, int(time.time())),
        }


def signature_of(body: bytes, secret: str, at_seconds: int) -> str:
    """What proves that a body was sent by us at this moment, seconds since 1970."""
    digest = hmac.new(secret.encode(), f"{at_seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at_seconds},v1={digest}"


@dataclass
class Delivered:
    """What became of a run's deliveries."""

    taken: int = 0
    waiting: int = 0
    "Open tasks that the next run tries again."
    problems: dict[str, int] = field(default_factory=dict)
    "Why, with how many."


def deliver(store: TaskStore, webhook: Webhook) -> Delivered:
    """Send every open task that was not delivered yet, oldest first, and note each that was taken.

    Where the webhook is out of reach the rest waits for the next run; one that it refuses keeps no other waiting.
    """
    waiting = store.find(TaskFilter(state=TaskState.OPEN, undelivered=True), AT_ONCE).tasks[::-1]
    found = Delivered(waiting=len(waiting))
    with httpx.Client(timeout=TIMEOUT_SECONDS) as client:
        for task in waiting:
            try:
                status = webhook.send(client, task)
            except OutOfReach as fault:
                found.problems[f"out of reach, {fault}"] = found.waiting
                return found
            if 200 <= status < 300:
                store.mark_delivered(task, datetime.now(UTC))
                found.taken, found.waiting = found.taken + 1, found.waiting - 1
            else:
                said = f"it answered {status}"
                found.problems[said] = found.problems.get(said, 0) + 1
    return found
