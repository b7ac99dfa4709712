"""The database of the tasks: a SQLite file beside the releases, or the PostgreSQL in KIZUNA_DATABASE_URL.

SQLAlchemy is imported with the first request for tasks, so that workers without such requests never load it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from core.environment import DATABASE_URL
from core.errors import BadInput, SourceUnavailable
from core.redaction import redact

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

SQLITE = "sqlite:///"
POSTGRES = ("postgresql://", "postgres://")
WAIT_SECONDS = 5
"How long to wait for a database that is busy or does not respond."


class TaskDatabase:
    """Transactions on the task tables. Reading never creates a database."""

    def __init__(self, url: str) -> None:
        self.url = url
        "Contains the password: never show it."

    @classmethod
    def at(cls, database_url: str | None, file: Path) -> TaskDatabase:
        """The database at this URL, or the SQLite file if there is none."""
        return cls(_with_driver(database_url) if database_url else f"{SQLITE}{file.resolve()}")

    @property
    def exists(self) -> bool:
        """Whether the tables were created."""
        from serving.tasks.schema import tables_exist

        if self._file is not None and not self._file.exists():
            return False
        with self.begin() as connection:
            return tables_exist(connection)

    def create(self) -> None:
        """Create the tables if they do not exist. Two processes may do so at once."""
        from serving.tasks.schema import create_tables

        if self.exists:
            return
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self.begin() as connection:
                create_tables(connection)
        except SourceUnavailable:
            if not self.exists:  # otherwise another process has just created them
                raise

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction. Raises SourceUnavailable if the database does not respond."""
        from sqlalchemy.exc import DBAPIError

        try:
            with self._engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            message = str(error.orig).splitlines()[0] if str(error.orig) else type(error).__name__
            raise SourceUnavailable(f"the task database {redact(self.url)} is unavailable: {message}") from error

    @property
    def _file(self) -> Path | None:
        return Path(self.url.removeprefix(SQLITE)) if self.url.startswith(SQLITE) else None

    @cached_property
    def _engine(self) -> Engine:
        from sqlalchemy import NullPool, create_engine

        timeout = {"connect_timeout" if self._file is None else "timeout": WAIT_SECONDS}
        # One connection per transaction: requests for tasks are rare, and a pool would hold one in every worker.
        return create_engine(self.url, connect_args=timeout, poolclass=NullPool)


def _with_driver(database_url: str) -> str:
    """The URL with the installed driver. Raises BadInput unless it is PostgreSQL or SQLite."""
    for prefix in POSTGRES:
        if database_url.startswith(prefix):
            return f"postgresql+psycopg://{database_url.removeprefix(prefix)}"
    if database_url.startswith(SQLITE):
        return database_url
    raise BadInput(f"{DATABASE_URL} begins with '{database_url.partition(':')[0]}:'; use postgresql:// or sqlite:///")
