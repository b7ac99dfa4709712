"""Stores the events of many requests in one durable transaction (group commit), and acknowledges them after it.

    requests   a ──┐        b, c, d ──┐
    commits        [── a ──]          [── b, c, d ──]

While one transaction waits for the disk, requests queue up for the next one. So the number of events a second grows
with the number of callers, although the disk makes a few hundred commits a second.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from core.errors import JournalBusy, SourceUnavailable
from core.events import AnyEvent
from serving.journal.database import JournalConnection

logger = logging.getLogger("kizuna.serving")

MAX_QUEUED = 20_000
"Events that wait for a transaction; more are refused at once, so that no caller waits for long."
MAX_TOGETHER = 5_000
"Events of one transaction."


@dataclass(frozen=True)
class Batch:
    """The events of one request, and its answer: the number of new ones."""

    events: Sequence[AnyEvent]
    loop: asyncio.AbstractEventLoop
    stored: asyncio.Future[int]


class JournalWriter:
    """One thread that stores what the requests of a worker report; it starts with the first of them."""

    def __init__(self, connection: JournalConnection, on_commit: Callable[[], None]) -> None:
        """`on_commit` is called after each transaction and before its requests are answered; it raises nothing."""
        self._connection = connection
        self._on_commit = on_commit
        self._queue = deque[Batch]()
        self._n_queued = 0
        self._condition = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_stopped = False

    async def append(self, events: Sequence[AnyEvent]) -> int:
        """Store the events; returns, after they are on the disk, how many of them are new.

        Raises SourceUnavailable if nothing was stored, JournalBusy if too many events wait already.
        """
        loop = asyncio.get_running_loop()
        batch = Batch(events, loop, loop.create_future())
        with self._condition:
            if self._n_queued + len(events) > MAX_QUEUED:
                raise JournalBusy(f"{self._n_queued:,} events wait to be stored")
            self._queue.append(batch)
            self._n_queued += len(events)
            self._start()
            self._condition.notify()
        return await batch.stored

    def stop(self) -> None:
        """Store what waits, then end the thread and the connection."""
        with self._condition:
            self._is_stopped = True
            self._condition.notify()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while batches := self._take():
            results = self._store(batches)
            batches[0].loop.call_soon_threadsafe(_answer, batches, results)
        self._connection.close()

    def _store(self, batches: Sequence[Batch]) -> Sequence[int | Exception]:
        """The number of new events of each batch, or why they are not stored."""
        try:
            added = self._connection.append([batch.events for batch in batches], now=datetime.now(UTC))
        except Exception as error:  # noqa: BLE001 - the thread has to answer every request
            failure = error if isinstance(error, SourceUnavailable) else SourceUnavailable(type(error).__name__)
            return [failure] * len(batches)
        try:
            self._on_commit()
        except Exception as error:  # noqa: BLE001 - the events are stored, and the thread has to go on
            logger.error("events are stored, but not part of answers yet: %s", type(error).__name__)
        return added

    def _take(self) -> list[Batch]:
        """The batches of the next transaction, at least one; none at the end."""
        with self._condition:
            while not self._queue and not self._is_stopped:
                self._condition.wait()
            batches, n_events = list[Batch](), 0
            while self._queue and (not batches or n_events + len(self._queue[0].events) <= MAX_TOGETHER):
                batches.append(self._queue.popleft())
                n_events += len(batches[-1].events)
            self._n_queued -= n_events
            return batches


def _answer(batches: Sequence[Batch], results: Sequence[int | Exception]) -> None:
    for batch, result in zip(batches, results, strict=True):
        if batch.stored.done():  # the caller has gone
            continue
        if isinstance(result, Exception):
            batch.stored.set_exception(result)
        else:
            batch.stored.set_result(result)
