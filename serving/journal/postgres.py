"""The journal in PostgreSQL; writers of a data set wait for one another, and notify all workers of all hosts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from core.errors import SourceUnavailable
from core.redaction import redact
from serving.database import WAIT_SECONDS
from serving.journal.database import INSERT, JournalConnection, Row

if TYPE_CHECKING:
    import psycopg

CHANNEL = "kizuna_events"
"The name of the notifications."
ANSWER_SECONDS = 30.0
"For one statement; the first block after a start may be found by reading a long journal."


class PostgresJournal(JournalConnection):
    """A connection to the database."""

    serial = "BIGSERIAL PRIMARY KEY"
    announces = True

    def __init__(self, url: str, data_set: str, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        super().__init__(data_set)
        self._url = url
        self._answer_seconds = answer_seconds
        self._connection: psycopg.Connection[Any] | None = None
        self._is_listening = False

    @property
    def name(self) -> str:
        """The URL without its password."""
        return redact(self._url)

    def close(self) -> None:
        """End the connection; the next use opens another one."""
        if self._connection is not None:
            with suppress(Exception):
                self._connection.close()
        self._connection, self._has_tables = None, False

    def has_changed(self) -> bool:
        """False: to ask takes a round trip. `wait` learns of changes."""
        return False

    def wait(self, seconds: float) -> None:
        """Wait for a notification. Raises SourceUnavailable."""
        with self._cursor() as cursor:
            if not self._is_listening:
                cursor.execute(f"LISTEN {CHANNEL}")
                self._is_listening = True
            for _ in cursor.connection.notifies(timeout=seconds, stop_after=1):
                return

    @contextmanager
    def _cursor(self) -> Iterator[psycopg.Cursor[Any]]:
        import psycopg

        try:
            yield self._connect().cursor()
        except psycopg.Error as error:
            self.close()
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise SourceUnavailable(f"the event journal {self.name} is unavailable: {redact(reason)}") from error
        except BaseException:
            self.close()
            raise

    def _connect(self) -> psycopg.Connection[Any]:
        from serving.impatient_connection import connect_impatiently

        if self._connection is None or self._connection.closed:
            self._connection = connect_impatiently(
                self._url, answer_seconds=self._answer_seconds, autocommit=True, connect_timeout=WAIT_SECONDS
            )
            self._is_listening = False
        return self._connection

    def _with_places(self, statement: str) -> str:
        return statement.replace("?", "%s")

    def _finds_tables(self) -> bool:
        ((name,),) = self._query("SELECT to_regclass('kizuna_events_schema')", ())
        return name is not None

    def _begin(self, cursor: Any) -> None:
        cursor.execute("BEGIN")
        if not self._has_tables:
            # Two processes that create a table at once would both try, whatever IF NOT EXISTS says.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('kizuna_events', 0))")
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"kizuna_events {self.data_set}",))

    def _insert_all(self, cursor: Any, rows: list[Row]) -> bool:
        columns = [list(column) for column in zip(*rows, strict=True)]
        query = "SELECT EXISTS (SELECT FROM kizuna_events WHERE data_set = %s AND event_id = ANY(%s))"
        is_known = cursor.execute(query, (self.data_set, columns[1])).fetchone()[0]
        if is_known or len(set(columns[1])) < len(rows):
            return False
        cursor.execute(
            "INSERT INTO kizuna_events (data_set, event_id, subject, event_time, content) "
            "SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[])",
            columns,
        )
        return True

    def _insert(self, cursor: Any, rows: list[Row]) -> int:
        cursor.executemany(self._with_places(INSERT), rows)
        return cursor.rowcount

    def _notify(self, cursor: Any) -> None:
        cursor.execute("SELECT pg_notify(%s, %s)", (CHANNEL, self.data_set))
