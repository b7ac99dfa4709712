"""Databases for stores: SQLite, and a schema of its own in PostgreSQL if one responds."""

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
    """The URL of an empty database; skips the test if its engine does not respond."""
    if engine == "sqlite":
        yield f"sqlite:///{folder}/store.db"
        return
    schema = f"kizuna_{uuid4().hex}"
    identifier = sql.Identifier(schema)
    try:
        connection = psycopg.connect(POSTGRES, autocommit=True)
    except psycopg.OperationalError:
        pytest.skip(f"no PostgreSQL responds at {POSTGRES}")
    with connection:
        connection.execute(sql.SQL("create schema {}").format(identifier))
        try:
            yield f"{POSTGRES}?options=-csearch_path%3D{schema}"
        finally:
            connection.execute(sql.SQL("drop schema {} cascade").format(identifier))
