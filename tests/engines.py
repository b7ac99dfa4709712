"""The engines that tests run on: DuckDB, and PostgreSQL if a server responds."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import cast

import ibis
import pytest
from ibis.backends.sql import SQLBackend

from tables.engines.postgres_casts import add_casts

POSTGRES = os.environ.get("KIZUNA_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")


@lru_cache(maxsize=1)
def duckdb_engine() -> SQLBackend:
    """One in-memory DuckDB for the whole test run."""
    return ibis.duckdb.connect()


@lru_cache(maxsize=1)
def postgres_engine() -> SQLBackend | None:
    """The PostgreSQL server at `KIZUNA_TEST_POSTGRES`; None if it does not respond."""
    import psycopg

    try:
        return add_casts(cast(SQLBackend, ibis.connect(POSTGRES)))
    except psycopg.OperationalError:
        return None


def engine(name: str) -> SQLBackend:
    """An engine by name; skips the test if it does not respond."""
    if name == "duckdb":
        return duckdb_engine()
    postgres = postgres_engine()
    if postgres is None:
        pytest.skip(f"no PostgreSQL server responds at {POSTGRES}")
    return postgres


every_engine = pytest.mark.parametrize("engine_name", ["duckdb", "postgres"])
