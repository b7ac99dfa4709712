"""The database behind the tasks: SQLite beside the releases, or the PostgreSQL that KIZUNA_DATABASE_URL names.

SQLAlchemy is imported when the first task is asked for, so that a service that nobody asks for tasks does without.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from core.config.loading import redacted
from core.environment import DATABASE_URL
from core.errors import BadInput, SourceUnavailable

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

SQLITE = "sqlite:///"
POSTGRES = ("postgresql://", "postgres://")
WAIT_SECONDS = 5
"For a database that is busy, or that does not answer."


class TaskDatabase:
    """Transactions on the tables of tasks; nothing is made by looking."""

    def __init__(self, url: str) -> None:
        self.url = url
        "With its password: not to be told."

    @classmethod
    def at(cls, database_url: str | None, file: Path) -> TaskDatabase:
        """The one that the environment names, otherwise this SQLite file."""
        return cls(_driven(database_url) if database_url else f"{SQLITE}{file.resolve()}")

    @property
    def is_made(self) -> bool:
        """Whether a task was ever kept there."""
        from serving.tasks.schema import is_made

        if self._file is not None and not self._file.exists():
            return False
        with self.begin() as connection:
            return is_made(connection)

    def make(self) -> None:
        """Make the tables where they are not there; of two who do so at once, one does it for both."""
        from serving.tasks.schema import make

        if self.is_made:
            return
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self.begin() as connection:
                make(connection)
        except SourceUnavailable:
            if not self.is_made:
                raise

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction. Raises SourceUnavailable where the database does not answer."""
        from sqlalchemy.exc import DBAPIError

        try:
            with self._engine.begin() as connection:
                yield connection
        except DBAPIError as fault:
            said = str(fault.orig).splitlines()[0] if str(fault.orig) else type(fault).__name__
            raise SourceUnavailable(f"the tasks in {redacted(self.url)} are out of reach: {said}") from fault

    @property
    def _file(self) -> Path | None:
        return Path(self.url.removeprefix(SQLITE)) if self.url.startswith(SQLITE) else None

    @cached_property
    def _engine(self) -> Engine:
        from sqlalchemy import NullPool, create_engine

        waits = {"connect_timeout" if self._file is None else "timeout": WAIT_SECONDS}
        # A connection for each transaction: tasks are asked for seldom, and every worker would hold one for ever.
        return create_engine(self.url, connect_args=waits, poolclass=NullPool)


def _driven(database_url: str) -> str:
    """The address with the driver that is installed. Raises BadInput for what is neither PostgreSQL nor SQLite."""
    for start in POSTGRES:
        if database_url.startswith(start):
            return f"postgresql+psycopg://{database_url.removeprefix(start)}"
    if database_url.startswith(SQLITE):
        return database_url
    raise BadInput(f"{DATABASE_URL} begins with postgresql:// or sqlite:///, found {database_url.partition(':')[0]}:")
