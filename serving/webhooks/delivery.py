"""Delivers what is in the outbox: one run of `kizuna health`, `kizuna release` or `kizuna tasks`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import msgspec

from core.tasks import Task, TaskState
from core.webhooks import EventType
from serving.tasks.store import TaskStore
from serving.webhooks.guard import AddressRefused
from serving.webhooks.outbox import Failure, Outbox, Waiting
from serving.webhooks.sending import Webhook, WebhookEvent, WebhookUnavailable

ROWS = 500
"Events that are read from the outbox at once."
MAX_FAILURES = 3
"One after another; then the webhook is down, and the run ends. Fewer are faults of single events."


@dataclass
class DeliveryReport:
    """The result of one run."""

    delivered: int = 0
    waiting: int = 0
    "Events that the next run tries again."
    dead: int = 0
    "Events that became dead letters."
    withdrawn: int = 0
    "Tasks that were no longer open."
    problems: dict[str, int] = field(default_factory=dict)
    "Number of events by problem."


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Sends events, oldest first and tasks before others, and keeps account of each."""

    outbox: Outbox
    tasks: TaskStore
    webhook: Webhook
    events: tuple[EventType, ...]
    max_runs: int
    "A delivery that failed in this many runs becomes a dead letter."
    max_seconds: float | None = None
    "No further event is begun after this time; the next run goes on."
    clock: Callable[[], float] = time.monotonic

    def run(self) -> DeliveryReport:
        """Send every event that waits.

        The run ends early if the webhook does not respond, if it fails for several events one after another, or if its
        address is not permitted. A rejected event does not hold up the others: it becomes a dead letter.
        """
        if EventType.TASK_CREATED in self.events and self.tasks.database.exists:
            self.outbox.add_open_tasks()
        report, n_failures, started = DeliveryReport(), 0, self.clock()
        with self.webhook.connect() as client:
            for waiting in self._in_order():
                if self.max_seconds is not None and self.clock() - started > self.max_seconds:
                    break
                try:
                    failure = self._send(client, waiting, report=report)
                except AddressRefused as error:
                    report.problems[str(error)] = self.outbox.count(self.events)
                    break
                if failure is None:
                    n_failures = 0
                    continue
                self._record(waiting, failure, report=report)
                n_failures = 0 if failure.is_rejected else n_failures + 1
                if n_failures == MAX_FAILURES or failure.status is None:
                    break
        report.waiting = self.outbox.count(self.events)
        return report

    def _in_order(self) -> Iterator[Waiting]:
        for event in EventType:
            after = 0 if event in self.events else None
            while after is not None and (rows := self.outbox.find(event, ROWS, after=after)):
                yield from rows
                after = rows[-1].number

    def _send(self, client: httpx.Client, waiting: Waiting, *, report: DeliveryReport) -> Failure | None:
        """Send one event and count it; None if it was accepted, or if it is about a task that is no longer open."""
        task = self._task_of(waiting)
        if waiting.data is None and task is None:
            self.outbox.remove(waiting)
            report.withdrawn += 1
            return None
        data = task if task is not None else msgspec.Raw((waiting.data or "null").encode())
        event = WebhookEvent(type=waiting.type, timestamp=waiting.created_at, data=data)
        try:
            status = self.webhook.send(client, event, webhook_id=waiting.webhook_id)
        except WebhookUnavailable as error:
            return Failure(f"webhook unavailable, {error}", error.status)
        if not 200 <= status < 300:
            return Failure(f"status {status}", status, is_rejected=True)
        if task is not None:
            self.tasks.mark_delivered(task, now=datetime.now(UTC))
        self.outbox.remove(waiting)
        report.delivered += 1
        return None

    def _task_of(self, waiting: Waiting) -> Task | None:
        if waiting.type is not EventType.TASK_CREATED:
            return None
        task = self.tasks.get(waiting.webhook_id)
        return task if task is not None and task.state == TaskState.OPEN and task.delivered_at is None else None

    def _record(self, waiting: Waiting, failure: Failure, *, report: DeliveryReport) -> None:
        report.problems[failure.problem] = report.problems.get(failure.problem, 0) + 1
        report.dead += self.outbox.record_failure(waiting, failure, max_runs=self.max_runs, now=datetime.now(UTC))
