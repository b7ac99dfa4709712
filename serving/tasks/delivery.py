"""Delivers new tasks to a webhook: signed as in Standard Webhooks, retried, and sent again by the next run.

    POST <webhook>  {"type": "task.created", "timestamp": "...", "data": {...}}   -> 2xx: accepted
    webhook-id: <task_id>     webhook-timestamp: 1790000000     webhook-signature: v1,<base64>

A task may arrive twice, if the response to the first delivery was lost; `webhook-id` is then the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import msgspec
import standardwebhooks
import tenacity

from core.tasks import Task, TaskState
from serving.tasks.store import TaskFilter, TaskStore

N_ATTEMPTS = 4
FIRST_WAIT_SECONDS = 1.0
"Before the second attempt; doubles before each further one."
TIMEOUT_SECONDS = 10.0
MAX_TASKS = 10_000
"Per run; the next run delivers the others."
TOO_MANY_REQUESTS = 429


class WebhookUnavailable(Exception):
    """The webhook did not accept a task in any attempt; the message is its last response."""


class TaskCreated(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a delivery."""

    type: str = "task.created"
    timestamp: datetime
    "When the task was created, UTC."
    data: Task


@dataclass(frozen=True)
class Webhook:
    """The webhook that receives tasks."""

    address: str
    secret: str
    "whsec_ and base64, as in Standard Webhooks."
    sleep: Callable[[float], None] = time.sleep

    def send(self, client: httpx.Client, task: Task) -> int:
        """Send one task and return the status of the response. Raises WebhookUnavailable after the last attempt.

        No response, 429 and 5xx are retried; any other status is final.
        """
        body = msgspec.json.encode(TaskCreated(timestamp=task.created_at, data=task))
        attempts = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(N_ATTEMPTS),
            wait=tenacity.wait_exponential(multiplier=FIRST_WAIT_SECONDS),
            retry=tenacity.retry_if_exception_type(WebhookUnavailable),
            sleep=self.sleep,
            reraise=True,
        )
        return attempts(self._post, client, body, task_id=task.task_id)

    def _post(self, client: httpx.Client, body: bytes, *, task_id: str) -> int:
        try:
            status = client.post(self.address, content=body, headers=self._headers(body, task_id)).status_code
        except httpx.TransportError as error:
            raise WebhookUnavailable(type(error).__name__) from error
        if status == TOO_MANY_REQUESTS or status >= 500:
            raise WebhookUnavailable(f"status {status}")
        return status

    def _headers(self, body: bytes, task_id: str) -> dict[str, str]:
        now = datetime.now(UTC)
        signature = standardwebhooks.Webhook(self.secret).sign(task_id, now, body.decode())
        return {
            "content-type": "application/json",
            "webhook-id": task_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
        }


@dataclass
class DeliveryReport:
    """The result of one run."""

    delivered: int = 0
    waiting: int = 0
    "Open tasks that the next run tries again."
    problems: dict[str, int] = field(default_factory=dict)
    "Number of tasks by problem."


def deliver(store: TaskStore, webhook: Webhook) -> DeliveryReport:
    """Send every open task that was not delivered yet, oldest first, and mark each that was accepted.

    If the webhook is unavailable, the run ends and the remaining tasks wait for the next one. A rejected task does not
    hold up the others.
    """
    tasks = store.find(TaskFilter(state=TaskState.OPEN, undelivered=True), MAX_TASKS).tasks[::-1]
    report = DeliveryReport(waiting=len(tasks))
    with httpx.Client(timeout=TIMEOUT_SECONDS) as client:
        for task in tasks:
            try:
                status = webhook.send(client, task)
            except WebhookUnavailable as error:
                report.problems[f"webhook unavailable, {error}"] = report.waiting
                return report
            if 200 <= status < 300:
                store.mark_delivered(task, now=datetime.now(UTC))
                report.delivered, report.waiting = report.delivered + 1, report.waiting - 1
            else:
                problem = f"status {status}"
                report.problems[problem] = report.problems.get(problem, 0) + 1
    return report
