"""A database that stops, before or in the middle, is one line and exit code 2, and never tells its password."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, cast

import ibis
import psycopg
import pytest

from core.config.sources import TableSource
from core.errors import SourceUnavailable
from features.cohort import select_cohort
from features.interactions import load_interactions
from features.pipeline import compute_features
from tables.sources.opening import open_tables
from tables.tables import Tables
from tests.engines import POSTGRES, engine
from tests.featured import cohort
from tests.worlds import config, purchase_log

WITH_PASSWORD = POSTGRES.replace("//postgres@", "//postgres:hush@")
TOML = """
name = "world"
time_zone = "Asia/Tokyo"
currency = "JPY"
active_days = 200
churn = {{ horizon_days = 30 }}
[tables.purchases]
database = "{database}"
table = "{table}"
"""
BREAKS_OFF = """
CREATE SEQUENCE {name}_rows_read;
CREATE VIEW {name}_view AS SELECT * FROM {name} WHERE
CASE WHEN nextval('{name}_rows_read') > {rows} THEN pg_terminate_backend(pg_backend_pid()) ELSE true END
"""
"A table that ends the connection of whoever has read so many rows of it."


@contextmanager
def stored(*lines: str) -> Iterator[str]:
    """The name of a table in PostgreSQL with these purchases."""
    database, name = engine("postgres"), ibis.util.gen_name("lines")
    database.create_table(name, purchase_log(*lines))
    yield name
    administer(f"DROP TABLE {name} CASCADE; DROP SEQUENCE IF EXISTS {name}_rows_read")


def kizuna(command: str, database: str, table: str, folder: Path) -> tuple[int, str]:
    """Exit code and complaints of a command on a table of a database."""
    (folder / "world.toml").write_text(TOML.format(database=database, table=table))
    words = [command, "--config", "world.toml", *(["--out", "features.csv"] if command == "features" else [])]
    ended = subprocess.run([sys.executable, "-m", "kizuna", *words], cwd=folder, capture_output=True, text=True)
    return ended.returncode, ended.stderr


def administer(statements: str) -> None:
    """Do this to the database over another connection, as an administrator would."""
    with psycopg.connect(POSTGRES, autocommit=True) as other:
        other.execute(statements.encode())


@pytest.mark.parametrize(
    "asked",
    [
        lambda tables: select_cohort(tables, [date(2024, 3, 8)]),
        lambda tables: compute_features(tables, cohort("ada")),
        load_interactions,
        lambda tables: tables.digest,
    ],
    ids=["cohort", "features", "interactions", "digest"],
)
def test_a_connection_that_ends_after_opening_is_told_each_time(asked: Callable[[Tables], Any]):
    with stored("ada 2024-03-01 item_id=tea") as name:
        tables = open_tables(config(tables={"purchases": TableSource(database=WITH_PASSWORD, table=name)}))
        administer(f"SELECT pg_terminate_backend({cast(Any, tables.backend).con.info.backend_pid})")

        for _ in ("who notices first", "who asks again"):
            with pytest.raises(SourceUnavailable, match=r"the database postgres.* no longer answers") as error:
                asked(tables)
            assert "hush" not in str(error.value)


@pytest.mark.parametrize(("command", "rows"), [("check", 4), ("features", 2), ("features", 6)])
def test_a_database_that_breaks_off_in_the_middle_is_one_line(command: str, rows: int, tmp_path: Path):
    with stored("ada 2024-01-01", "ada 2024-02-01", "bo 2024-05-01 7") as name:
        administer(BREAKS_OFF.format(name=name, rows=rows))

        exit_code, said = kizuna(command, WITH_PASSWORD, f"{name}_view", tmp_path)

    assert (exit_code, said.count("\n"), "hush" in said) == (2, 1, False)
    assert "no longer answers: terminating connection" in said
    assert not (tmp_path / "features.csv").exists()


def test_a_database_that_does_not_answer_is_one_line(tmp_path: Path):
    exit_code, said = kizuna("check", "postgresql://ada:hush@127.0.0.1:1/shop", "lines", tmp_path)

    assert (exit_code, said.count("\n"), "hush" in said) == (2, 1, False)
    assert "does not answer" in said
