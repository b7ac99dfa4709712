"""The databases that tasks are kept in: SQLite, and PostgreSQL where one answers, in a schema of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from tests.engines import POSTGRES


@contextmanager
def database_url(engine: str, folder: Path) -> Iterator[str]:
    """The address of an empty database; skips the test where its engine does not answer."""
    if engine == "sqlite":
        yield f"sqlite:///{folder}/tasks.db"
        return
    schema = f"tasks_{uuid4().hex}"
    named = sql.Identifier(schema)
    try:
        connection = psycopg.connect(POSTGRES, autocommit=True)
    except psycopg.OperationalError:
        pytest.skip(f"no PostgreSQL answers at {POSTGRES}")
    with connection:
        connection.execute(sql.SQL("create schema {}").format(named))
        try:
            yield f"{POSTGRES}?options=-csearch_path%3D{schema}"
        finally:
            connection.execute(sql.SQL("drop schema {} cascade").format(named))
