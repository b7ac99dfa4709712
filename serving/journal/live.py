"""The journal as one worker sees it: stores events, and knows those that the active release does not contain.

An acknowledged event is part of the customer's next answer: on the worker that stored it at once, on the other workers
of the host because a request first asks SQLite whether anyone has committed (7 us), and with PostgreSQL through its
notifications. Stored answers ask once in 20 ms. A journal that cannot be read leaves the answers as they were.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from datetime import time as time_of_day
from pathlib import Path
from zoneinfo import ZoneInfo

from core.errors import SourceUnavailable
from core.events import AnyEvent, ItemChange
from core.ids import canonical_id
from serving.database import POSTGRES, SQLITE
from serving.journal.customer import LiveCustomer, summarise_events
from serving.journal.database import ROWS_AT_ONCE, JournalConnection, Position, StoredEvent, microseconds_of
from serving.journal.overlay import MAX_EVENTS, MAX_OF_CUSTOMER, Overlay
from serving.journal.postgres import PostgresJournal
from serving.journal.sqlite import SqliteJournal
from serving.journal.writer import JournalWriter
from serving.release.release import Release, ReleaseDescription

logger = logging.getLogger("kizuna.serving")

WAIT_SECONDS = 0.5
"How long to wait for a notification before looking anyway."
RETRY_SECONDS = 2.0
"After an error."
READ_SECONDS = 1.0
"How long an answer waits for events that are not in memory, while the journal is busy or hangs."
FRESH_SECONDS = 0.02
"Of stored answers; an acknowledged event is part of them well within 50 ms."


@dataclass(frozen=True)
class JournalPlace:
    """Where the journal is: the PostgreSQL at this URL, or the SQLite file if there is none."""

    database_url: str | None
    file: Path

    def connect(self, data_set: str) -> JournalConnection:
        """A connection that opens with its first use."""
        url = self.database_url
        if url is not None and url.startswith(POSTGRES):
            return PostgresJournal(url, data_set)
        file = self.file if url is None else Path(url.removeprefix(SQLITE)).with_name(self.file.name)
        return SqliteJournal(file, data_set)


class LiveJournal:
    """The journal of one data set in one worker; `follow` names the release that answers."""

    def __init__(self, place: JournalPlace, data_set: str) -> None:
        self.data_set = data_set
        self._place = place
        self._release: Release | None = None
        self._prepared: tuple[Release, Overlay] | None = None
        "The overlay of the release that will answer next."
        self._overlay = Overlay(Position())
        self._is_loaded = True
        self._reader = place.connect(data_set)
        self._writer = JournalWriter(place.connect(data_set), self._refresh)
        self._lock = threading.Lock()
        self._retry_at = 0.0
        self._message = ""
        self._stopped = threading.Event()
        self._asked_at = 0.0
        if self._reader.announces:
            listener = place.connect(data_set)
            threading.Thread(target=self._watch, args=(listener,), name="journal-watch", daemon=True).start()

    @property
    def n_events(self) -> int:
        """Events that the release does not contain, as far as they are in memory."""
        return len(self._overlay)

    @property
    def items(self) -> Mapping[str, ItemChange]:
        """The newest values of items that have changed."""
        return self._overlay.items

    async def append(self, events: Sequence[AnyEvent]) -> int:
        """Store events durably; returns how many are new. They are part of the answers of this worker from then on.

        Raises SourceUnavailable if nothing was stored.
        """
        return await self._writer.append(events)

    def follows(self, release: Release) -> bool:
        """Whether it answers beside this release, with what others had stored some milliseconds ago."""
        return release is self._release and time.monotonic() - self._asked_at < FRESH_SECONDS

    def prepare(self, release: Release) -> None:
        """Read what a release lacks before it answers, so that no request waits for that. Raises nothing."""
        overlay, connection = open_overlay(release), self._place.connect(self.data_set)
        try:
            for rows in connection.read_since(overlay.position):
                overlay.add(rows)
        except SourceUnavailable as error:
            self._note(error)
        else:
            self._prepared = release, overlay
        finally:
            connection.close()

    def follow(self, release: Release) -> None:
        """Answer beside this release from now on, with all that others have stored. Raises nothing."""
        if self._reader.announces and release is self._release:
            self._asked_at = time.monotonic()
            return  # the listener adds what others store; a database that hangs holds it up, and no request
        with self._lock:
            is_new = release is not self._release
            if is_new:
                self._overlay, self._is_loaded = self._take_prepared(release)
                self._release = release
            self._asked_at = time.monotonic()
            if is_new or self._asked_at >= self._retry_at:
                self._catch_up(asks_first=not is_new)

    def customer(self, subject: str) -> LiveCustomer | None:
        """What the events say about a customer or an anonymous visitor; None without any."""
        overlay, subject = self._overlay, canonical_id(subject) or subject
        customer_id = overlay.find_customer(subject)
        if not overlay.may_concern(customer_id):
            return None if customer_id == subject else LiveCustomer(customer_id=customer_id)
        subjects = overlay.find_subjects(customer_id)
        events = overlay.events_of(subjects)
        if any(map(overlay.may_have_forgotten, subjects)):
            events = self._read_of(subjects)
        return summarise_events(customer_id, events) if events or customer_id != subject else None

    def concerns(self, customer_ids: Iterable[str]) -> bool:
        """Whether some of these may have events; fast where none has."""
        overlay = self._overlay
        return len(overlay) > 0 and any(map(overlay.may_concern, customer_ids))

    def stop(self) -> None:
        """Store what waits, and end the threads and connections."""
        self._stopped.set()
        self._writer.stop()
        with self._lock:
            self._reader.close()

    def _take_prepared(self, release: Release) -> tuple[Overlay, bool]:
        """The overlay of a release, and whether it has been read."""
        prepared, self._prepared = self._prepared, None
        if prepared is not None and prepared[0] is release:
            return prepared[1], True
        return open_overlay(release), False

    def _read_of(self, subjects: Sequence[str]) -> Sequence[StoredEvent]:
        """The events of a customer that are not in memory; none while the journal does not answer."""
        if time.monotonic() < self._retry_at or not self._lock.acquire(timeout=READ_SECONDS):
            return ()
        try:
            return self._reader.read_of(subjects, self._overlay.position, limit=MAX_OF_CUSTOMER)
        except SourceUnavailable as error:
            self._note(error)
            return ()
        finally:
            self._lock.release()

    def _watch(self, connection: JournalConnection) -> None:
        while not self._stopped.is_set():
            try:
                connection.wait(WAIT_SECONDS)
            except SourceUnavailable as error:
                self._note(error)
                self._stopped.wait(RETRY_SECONDS)
            self._refresh()
        connection.close()

    def _refresh(self) -> None:
        """Add the newest events. Raises nothing."""
        with self._lock:
            self._catch_up(asks_first=False)

    def _catch_up(self, *, asks_first: bool = True) -> None:
        """Add what was stored since the last time; `asks_first` reads only where something may be new."""
        if self._stopped.is_set():
            return
        try:
            if not (asks_first and self._is_loaded) or self._reader.has_changed():
                self._load()
            self._message = ""
        except SourceUnavailable as error:
            self._note(error)

    def _load(self) -> None:
        if not self._is_loaded:
            overlay = Overlay(self._overlay.position, links=self._overlay.links)
            for rows in self._reader.read_since(overlay.position):
                overlay.add(rows)
            self._overlay, self._is_loaded = overlay, True
        while rows := self._reader.read_after(self._overlay.last_number):
            self._overlay.add(rows)
            if len(rows) < ROWS_AT_ONCE:
                return

    def _note(self, error: SourceUnavailable) -> None:
        """Log an error once, and leave the journal alone for a while."""
        self._retry_at = time.monotonic() + RETRY_SECONDS
        if str(error) != self._message:
            self._message = str(error)
            logger.error("%s; answers go on with the events read before", error)


class LiveJournals:
    """The journal of the data set of the release that answers."""

    def __init__(self, place: JournalPlace) -> None:
        self._place = place
        self._journal: LiveJournal | None = None
        self._lock = threading.Lock()

    def of(self, release: Release, *, is_exact: bool = True) -> LiveJournal:
        """The journal beside a release; all that others have stored, or what they had some milliseconds ago.

        Raises nothing.
        """
        journal = self._journal
        if journal is None or journal.data_set != release.description.data_set:
            journal = self._open(release.description.data_set)
        if is_exact or not journal.follows(release):
            journal.follow(release)
        return journal

    def prepare(self, release: Release) -> None:
        """Read what a release lacks before it answers. Raises nothing."""
        data_set = release.description.data_set
        if self._journal is None or self._journal.data_set == data_set:  # the journal of another one still answers
            self._open(data_set).prepare(release)

    def stop(self) -> None:
        """Store what waits, and end the threads and connections."""
        if self._journal is not None:
            self._journal.stop()

    def _open(self, data_set: str) -> LiveJournal:
        with self._lock:
            if self._journal is None or self._journal.data_set != data_set:
                self.stop()
                self._journal = LiveJournal(self._place, data_set)
            return self._journal


def read_overlay(place: JournalPlace, release: Release) -> Overlay:
    """All events that a release does not contain, for a command that runs once. Raises SourceUnavailable."""
    overlay = open_overlay(release, max_events=sys.maxsize)
    connection = place.connect(release.description.data_set)
    try:
        for rows in connection.read_since(overlay.position):
            overlay.add(rows)
    finally:
        connection.close()
    return overlay


def open_overlay(release: Release, *, max_events: int = MAX_EVENTS) -> Overlay:
    """An overlay without events beside a release."""
    return Overlay(position_of(release.description), links=release.identities, max_events=max_events)


def position_of(description: ReleaseDescription) -> Position:
    """Which events a release contains."""
    midnight = datetime.combine(description.cutoff, time_of_day(), ZoneInfo(description.time_zone))
    return Position(description.journal_number, microseconds_of(midnight))
