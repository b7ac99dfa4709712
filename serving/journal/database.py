"""The journal's table: in a SQLite file beside the releases, or in the PostgreSQL of KIZUNA_DATABASE_URL.

    number  data_set  event_id      subject  event_time (us, UTC)  content (JSON, see core.events)
    1       shop      web-90210-1   c17850   1764670000000000      {"type":"view", ...}

Numbers rise in the order of commits, so that "everything after number n" misses nothing: SQLite has one writer at a
time, and on PostgreSQL the writers of a data set wait for one another. The drivers are used as they are, because this
is on the way of each event.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, NamedTuple

import msgspec

from core.errors import SourceUnavailable
from core.events import AnyEvent, content_of, event_of, moment_of

logger = logging.getLogger("kizuna.serving")

VERSION = 1
ROWS_AT_ONCE = 5_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TABLES = (
    """CREATE TABLE IF NOT EXISTS kizuna_events (
        number {serial},
        data_set VARCHAR(64) NOT NULL,
        event_id VARCHAR(128) NOT NULL,
        subject VARCHAR(128) NOT NULL,
        event_time BIGINT NOT NULL,
        content TEXT NOT NULL,
        UNIQUE (data_set, event_id)
    )""",
    "CREATE INDEX IF NOT EXISTS kizuna_events_in_order ON kizuna_events (data_set, number)",
    "CREATE INDEX IF NOT EXISTS kizuna_events_of_subject ON kizuna_events (data_set, subject, number)",
    "CREATE INDEX IF NOT EXISTS kizuna_events_by_time ON kizuna_events (data_set, event_time)",
    "CREATE TABLE IF NOT EXISTS kizuna_events_schema (version INTEGER PRIMARY KEY)",
    "INSERT INTO kizuna_events_schema VALUES (1) ON CONFLICT DO NOTHING",
)
INSERT = (
    "INSERT INTO kizuna_events (data_set, event_id, subject, event_time, content) "
    "VALUES (?, ?, ?, ?, ?) ON CONFLICT (data_set, event_id) DO NOTHING"
)
SELECT = (
    "SELECT number, content FROM kizuna_events WHERE data_set = ? AND {where} ORDER BY number {order} LIMIT {limit}"
)
LAST = "SELECT max(number) FROM kizuna_events WHERE data_set = ?"
Row = tuple[str, str, str, int, str]


class StoredEvent(NamedTuple):
    """An event of the journal."""

    number: int
    event: AnyEvent


@dataclass(frozen=True)
class Position:
    """Which events a release contains: those before its cutoff that were in the journal when it was built."""

    number: int = 0
    "Of the last event that was read."
    cutoff_us: int = 0
    "The cutoff in microseconds since 1970, UTC."

    def contains(self, stored: StoredEvent) -> bool:
        """Whether the release contains the event."""
        return stored.number <= self.number and microseconds_of(moment_of(stored.event)) < self.cutoff_us


def microseconds_of(moment: datetime) -> int:
    """Microseconds since 1970, UTC."""
    return (moment - EPOCH) // timedelta(microseconds=1)


class JournalConnection(ABC):
    """One connection to the journal of a data set; used by one thread at a time, and opened again after an error."""

    serial: ClassVar[str]
    "The type of the column `number`."
    announces: ClassVar[bool]
    "Whether `wait` hears of events of others, which `has_changed` does not find out."

    def __init__(self, data_set: str) -> None:
        self.data_set = data_set
        self._has_tables = False
        self._unreadable: set[int] = set()
        "Numbers of rows that were logged."

    def append(self, batches: Sequence[Sequence[AnyEvent]], *, now: datetime) -> list[int]:
        """Store the events that are new, all batches in one durable transaction; returns the new ones of each batch.

        `now` is in UTC. Raises SourceUnavailable; nothing is stored then.
        """
        rows = [[self._row_of(event, now) for event in batch] for batch in batches]
        has_tables = self.exists
        with self._transaction() as cursor:
            if not has_tables:
                for statement in TABLES:
                    cursor.execute(statement.format(serial=self.serial))
            # One statement for all, because a driver's thread waits for Python's lock before and after each.
            if self._insert_all(cursor, [row for batch in rows for row in batch]):
                added = [len(batch) for batch in rows]
            else:
                added = [self._insert(cursor, batch) for batch in rows]
            if any(added):
                self._notify(cursor)
        return added

    def read_since(self, position: Position) -> Iterator[list[StoredEvent]]:
        """Everything that a release at this position does not contain, in order, in blocks."""
        last = 0
        while True:
            where, values = (
                "(number > ? OR event_time >= ?) AND number > ?",
                (position.number, position.cutoff_us, last),
            )
            rows = self._read(where, values)
            yield self._decode(rows)
            if len(rows) < ROWS_AT_ONCE:
                return
            last = rows[-1][0]

    def read_after(self, number: int) -> list[StoredEvent]:
        """The next events after a number, about ROWS_AT_ONCE; fewer only where there are no more."""
        events = list[StoredEvent]()
        while rows := self._read("number > ?", (number,)):
            events += self._decode(rows)
            if len(rows) < ROWS_AT_ONCE or len(events) >= ROWS_AT_ONCE:
                break
            number = rows[-1][0]
        return events

    def read_of(self, subjects: Sequence[str], position: Position, *, limit: int) -> list[StoredEvent]:
        """The newest events of some customers or visitors that a release at this position lacks, in order."""
        newest: list[StoredEvent] = []
        for subject in subjects:
            where, values = "subject = ? AND (number > ? OR event_time >= ?)", (position.number, position.cutoff_us)
            newest += self._decode(self._read(where, (subject, *values), limit=limit, order="DESC"))
        return sorted(newest, key=lambda stored: stored.number)[-limit:]

    def last_number(self) -> int:
        """The number of the last event; 0 before the first."""
        rows = self._query(LAST, (self.data_set,)) if self.exists else [(0,)]
        return rows[0][0] or 0

    @property
    def exists(self) -> bool:
        """Whether the table was created. Raises SourceUnavailable for one of another version."""
        if not self._has_tables and self._finds_tables():
            ((version,),) = self._query("SELECT max(version) FROM kizuna_events_schema", ())
            if version != VERSION:
                raise SourceUnavailable(
                    f"the event journal {self.name} has format {version}, this version reads {VERSION}; upgrade Kizuna"
                )
            self._has_tables = True
        return self._has_tables

    @property
    @abstractmethod
    def name(self) -> str:
        """Where the journal is, without a password."""

    @abstractmethod
    def close(self) -> None:
        """End the connection; the next use opens another one."""

    @abstractmethod
    def has_changed(self) -> bool:
        """Whether others have committed since the last call, as far as microseconds suffice to know it."""

    def wait(self, seconds: float) -> None:
        """Wait for events of others, at most so long, where the database announces them. Raises SourceUnavailable."""
        del seconds

    def _row_of(self, event: AnyEvent, now: datetime) -> Row:
        moment = event.event_time or now
        return (
            self.data_set,
            event.event_id,
            event.subject,
            microseconds_of(moment),
            content_of(event, received_at=now).decode(),
        )

    def _read(
        self, where: str, values: tuple[Any, ...], *, limit: int = ROWS_AT_ONCE, order: str = "ASC"
    ) -> list[tuple[int, str]]:
        """Numbers and contents."""
        if not self.exists:
            return []
        return self._select(SELECT.format(where=where, order=order, limit=limit), (self.data_set, *values))

    def _decode(self, rows: Sequence[tuple[int, str]]) -> list[StoredEvent]:
        """The events in some rows. One that cannot be read is logged once and left out: the others have to go on."""
        events = list[StoredEvent]()
        for number, content in rows:
            try:
                events.append(StoredEvent(number, event_of(content)))
            except (msgspec.DecodeError, UnicodeDecodeError):
                if number not in self._unreadable:
                    logger.error("row %d of the event journal %s is no event of this version", number, self.name)
                self._unreadable.add(number)
        return events

    def _select(self, statement: str, values: tuple[Any, ...]) -> list[tuple[int, str]]:
        return self._query(statement, values)

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        """A cursor in a durable transaction of the only writer. Raises SourceUnavailable."""
        with self._cursor() as cursor:
            self._begin(cursor)
            yield cursor
            cursor.execute("COMMIT")

    def _query(self, statement: str, values: tuple[Any, ...]) -> list[Any]:
        with self._cursor() as cursor:
            cursor.execute(self._with_places(statement), values)
            return cursor.fetchall()

    def _with_places(self, statement: str) -> str:
        """The statement with the driver's marks for values."""
        return statement

    @abstractmethod
    def _cursor(self) -> Any:
        """A context with a cursor; an error inside closes the connection. Raises SourceUnavailable."""

    @abstractmethod
    def _finds_tables(self) -> bool: ...

    @abstractmethod
    def _begin(self, cursor: Any) -> None:
        """Begin a transaction; no other process writes until its end."""

    @abstractmethod
    def _insert_all(self, cursor: Any, rows: list[Row]) -> bool:
        """Insert the rows if all of them are new; returns whether they were, and leaves no trace otherwise."""

    @abstractmethod
    def _insert(self, cursor: Any, rows: list[Row]) -> int:
        """Insert the rows that are new; returns how many."""

    @abstractmethod
    def _notify(self, cursor: Any) -> None:
        """Tell other processes that there are new events."""
