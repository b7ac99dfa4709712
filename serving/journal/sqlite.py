"""The journal in a SQLite file: a write-ahead log, on the disk before an event is acknowledged (synchronous=FULL)."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from core.errors import SourceUnavailable
from core.files import describe_disk_fault
from serving.database import WAIT_SECONDS
from serving.journal.database import INSERT, JournalConnection, Row

AS_JSON = "SELECT json_group_array(json_array(number, content)) FROM ({rows})"
INSERT_ALL = """
    INSERT INTO kizuna_events (data_set, event_id, subject, event_time, content)
    SELECT ?, value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?)
"""
"One statement, whose thread waits once for Python's lock, and not for each row."


class SqliteJournal(JournalConnection):
    """A connection to the file; reading never creates it."""

    serial = "INTEGER PRIMARY KEY AUTOINCREMENT"
    announces = False

    def __init__(self, path: Path, data_set: str) -> None:
        super().__init__(data_set)
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._version = -1

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)

    def close(self) -> None:
        """End the connection; the next use opens another one."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
        self._connection, self._has_tables = None, False

    def has_changed(self) -> bool:
        """Whether another connection has committed since the last call."""
        if self._connection is None and not self._finds_file():
            return False
        try:
            # The connection as it is: to look at the file each time would take half as long again.
            ((version,),) = (self._connection or self._connect()).execute("PRAGMA data_version").fetchall()
        except sqlite3.Error as error:
            self.close()
            raise self._unavailable(error) from error
        before, self._version = self._version, version
        return version != before

    def _finds_file(self) -> bool:
        return self._inode_of_file() != 0

    def _inode_of_file(self) -> int:
        try:
            return self.path.stat().st_ino
        except OSError:
            return 0

    @contextmanager
    def _cursor(self) -> Iterator[sqlite3.Cursor]:
        try:
            connection = self._connect()
            yield connection.cursor()
        except sqlite3.Error as error:
            self.close()
            raise self._unavailable(error) from error
        except BaseException:
            self.close()
            raise

    def _unavailable(self, error: sqlite3.Error) -> SourceUnavailable:
        return SourceUnavailable(f"the event journal {self.path} is unavailable: {describe_disk_fault(error) or error}")

    def _connect(self) -> sqlite3.Connection:
        """The open connection, or another one where the file was replaced."""
        inode = self._inode_of_file()
        if self._connection is not None and inode == self._inode:
            return self._connection
        self.close()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(
            self.path, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False
        )
        _set_wal_mode(self._connection)
        self._connection.execute("PRAGMA synchronous=FULL")
        self._inode, self._version = self._inode_of_file(), -1
        return self._connection

    def _finds_tables(self) -> bool:
        if not self._finds_file():
            return False
        return bool(self._query("SELECT 1 FROM sqlite_master WHERE name = 'kizuna_events_schema'", ()))

    def _select(self, statement: str, values: tuple[Any, ...]) -> list[tuple[int, str]]:
        """The rows as one JSON text, for the same reason."""
        ((text,),) = self._query(AS_JSON.format(rows=statement), values)
        return msgspec.json.decode(text, type=list[tuple[int, str]])

    def _begin(self, cursor: Any) -> None:
        cursor.execute("BEGIN IMMEDIATE")

    def _insert_all(self, cursor: Any, rows: list[Row]) -> bool:
        cursor.execute("SAVEPOINT all_new")
        try:
            cursor.execute(INSERT_ALL, (self.data_set, msgspec.json.encode([row[1:] for row in rows]).decode()))
        except sqlite3.IntegrityError:
            cursor.execute("ROLLBACK TO all_new")
            return False
        return True

    def _insert(self, cursor: Any, rows: list[Row]) -> int:
        return cursor.executemany(INSERT, rows).rowcount

    def _notify(self, cursor: Any) -> None:
        """Nothing to do: other connections see the version of the data rise."""


def _set_wal_mode(connection: sqlite3.Connection) -> None:
    """Write ahead. Only one process can change the mode of a new file, and SQLite does not wait for it by itself."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
