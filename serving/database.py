"""Databases of stores: a SQLite file beside the releases, or the PostgreSQL in KIZUNA_DATABASE_URL.

SQLAlchemy is imported with the first use of a store, so that workers without such requests never load it. A table of
each store holds its version, so that tables of another version are refused instead of misread.
"""

from __future__ import annotations

import math
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from core.environment import DATABASE_URL
from core.errors import BadInput, SourceUnavailable
from core.files import describe_disk_fault
from core.redaction import redact

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, MetaData, Table

SQLITE = "sqlite:///"
POSTGRES = ("postgresql://", "postgres://")
WAIT_SECONDS = 5
"How long to wait for a database that is busy or does not respond."


@dataclass(frozen=True)
class StoreSchema:
    """The tables of a store."""

    tables: MetaData
    versions: Table
    "Its only column, `version`, has one row."
    version: int

    def exists(self, connection: Connection, *, store: str) -> bool:
        """Whether the tables exist. Raises SourceUnavailable if they are of another version."""
        from sqlalchemy import inspect, select

        if not inspect(connection).has_table(self.versions.name):
            return False
        version = connection.execute(select(self.versions.c.version)).scalar()
        if version != self.version:
            raise SourceUnavailable(
                f"the {store} tables have format {version}, this version reads {self.version}; upgrade Kizuna"
            )
        return True

    def create(self, connection: Connection) -> None:
        """Create the tables and store their version in one transaction: no reader sees tables without a version."""
        if connection.dialect.name == "sqlite":
            # sqlite3 begins no transaction for CREATE TABLE by itself, and would commit each statement alone.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        self.tables.create_all(connection)
        connection.execute(self.versions.insert().values(version=self.version))


class StoreDatabase(ABC):
    """Transactions on the tables of one store. Reading never creates a database."""

    store: ClassVar[str]
    "What the store holds, as messages name it."

    def __init__(self, url: str, *, answer_seconds: float | None = None) -> None:
        self.url = url
        "Contains the password: never show it."
        self._answer_seconds = answer_seconds
        self._has_tables = False

    @classmethod
    def at(cls, database_url: str | None, file: Path, *, answer_seconds: float | None = None) -> Self:
        """The database at this URL, or the SQLite file if there is none.

        A connection to PostgreSQL ends where a statement takes longer than `answer_seconds`; None: no limit.
        """
        url = _with_driver(database_url) if database_url else f"{SQLITE}{file.resolve()}"
        return cls(url, answer_seconds=answer_seconds)

    @abstractmethod
    def load_schema(self) -> StoreSchema:
        """The tables; imports SQLAlchemy."""

    @property
    def exists(self) -> bool:
        """Whether the tables were created. Tables that were found once are not looked for again."""
        if self._file is not None and not self._file.exists():
            self._has_tables = False
        elif not self._has_tables:
            with self.begin() as connection:
                self._has_tables = self.load_schema().exists(connection, store=self.store)
        return self._has_tables

    def create(self) -> None:
        """Create the tables if they do not exist. Two processes may do so at once."""
        if self.exists:
            return
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self.begin() as connection:
                self.load_schema().create(connection)
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
            if self._file is not None and (fault := describe_disk_fault(error.orig or error)):
                raise SourceUnavailable(f"the {self.store} database {self._file}: {fault}") from error
            message = str(error.orig).splitlines()[0] if str(error.orig) else type(error).__name__
            raise SourceUnavailable(
                f"the {self.store} database {redact(self.url)} is unavailable: {message}"
            ) from error

    @property
    def _file(self) -> Path | None:
        return Path(self.url.removeprefix(SQLITE)) if self.url.startswith(SQLITE) else None

    @cached_property
    def _engine(self) -> Engine:
        from sqlalchemy import NullPool, create_engine

        if self._file is not None:
            # A connection that stays open would go on writing to a file that has been replaced.
            return create_engine(self.url, connect_args={"timeout": WAIT_SECONDS}, poolclass=NullPool)
        # Connecting takes longer than a request: one connection stays open, further ones close after their transaction.
        engine = create_engine(
            self.url, connect_args={"connect_timeout": WAIT_SECONDS}, pool_size=1, max_overflow=-1, pool_pre_ping=True
        )
        _limit_waiting(engine, self._answer_seconds)
        weakref.finalize(self, engine.dispose)
        return engine


def _limit_waiting(engine: Engine, answer_seconds: float | None) -> None:
    """Connect with a limit for each statement, and for connecting."""
    from sqlalchemy import event

    from serving.impatient_connection import connect_impatiently

    limit: dict[str, Any] = {} if answer_seconds is None else {"connect_timeout": math.ceil(answer_seconds)}

    def connect(*of_event: Any) -> object:
        *_, parameters = of_event
        return connect_impatiently(answer_seconds=answer_seconds, **parameters | limit)

    event.listen(engine, "do_connect", connect)


def _with_driver(database_url: str) -> str:
    """The URL with the installed driver. Raises BadInput unless it is PostgreSQL or SQLite."""
    for prefix in POSTGRES:
        if database_url.startswith(prefix):
            return f"postgresql+psycopg://{database_url.removeprefix(prefix)}"
    if database_url.startswith(SQLITE):
        return database_url
    raise BadInput(f"{DATABASE_URL} begins with '{database_url.partition(':')[0]}:'; use postgresql:// or sqlite:///")
