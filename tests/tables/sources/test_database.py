"""Databases: each error is one line with exit code 2 and never contains the password, before and during a query."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

import ibis
import psycopg
import pyarrow as pa
import pytest

from core.config.sources import ColumnSource, TableSource
from core.errors import BadInput, ConfigError, DataError, SourceUnavailable
from features.cohort import select_cohort
from features.interactions import load_interactions
from features.pipeline import compute_features
from tables.engines import databases
from tables.sources.opening import open_tables
from tables.tables import Tables
from tests.engines import POSTGRES, engine
from tests.featured import cohort
from tests.tables.sources.test_csv import error_of, store_in_csv
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
"A view that ends the connection of a reader after this many rows."


@contextmanager
def store_in_duckdb(tables: Mapping[str, pa.Table]) -> Generator[dict[str, TableSource]]:
    """Each table in one DuckDB file."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"{folder}/t.duckdb"
        database = ibis.duckdb.connect(url)
        for name, table in tables.items():
            database.create_table(name, table)
        database.disconnect()
        yield {name: TableSource(database=f"duckdb://{url}", table=name) for name in tables}


@contextmanager
def store_in_postgres(tables: Mapping[str, pa.Table]) -> Generator[dict[str, TableSource]]:
    """Each table in the PostgreSQL of the tests."""
    database, names = engine("postgres"), {name: ibis.util.gen_name(name) for name in tables}
    for name, table in tables.items():
        database.create_table(names[name], table)
    yield {name: TableSource(database=POSTGRES, table=names[name]) for name in tables}
    for name in names.values():
        database.drop_table(name)


WRITERS = {"duckdb": store_in_duckdb, "postgres": store_in_postgres}


@pytest.mark.parametrize(
    ("write", "name"), [(store_in_postgres, "postgres"), (store_in_duckdb, "duckdb"), (store_in_csv, "duckdb")]
)
def test_a_database_that_has_all_tables_computes_itself(write: Callable[..., Any], name: str):
    with write({"purchases": purchase_log("ada 2024-03-01")}) as sources:
        tables = open_tables(config(tables=sources))

        assert tables.backend.name == name
        tables.backend.disconnect()


UNUSABLE = {
    "a stopped database": (
        TableSource(database="postgres://ada:hush@127.0.0.1:1/test", table="t"), SourceUnavailable, "does not answer",
    ),
    "no DuckDB file": (TableSource(database="duckdb:///nowhere/t", table="t"), SourceUnavailable, "does not answer"),
    "no address": (TableSource(database="nonsense", table="t"), ConfigError, "not the address of a database"),
    "an unknown engine": (TableSource(database="nosuch://x", table="t"), ConfigError, "not the address of a database"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "kind", "message"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_database_that_cannot_be_opened_is_one_line_without_the_password(
    source: TableSource, kind: type[BadInput], message: str
):
    assert "hush" not in error_of(source, kind, match=message)


def test_an_unknown_table_names_the_most_similar_one():
    with store_in_duckdb({"purchases": purchase_log("ada 2024-03-01")}) as sources:
        source = TableSource(database=sources["purchases"].database, table="purchase")

        error_of(source, DataError, match="did you mean 'purchases'")


def test_an_unknown_table_of_a_schema_names_it_with_the_schema():
    engine("postgres")
    administer("DROP SCHEMA IF EXISTS shop_data CASCADE; CREATE SCHEMA shop_data")
    administer("CREATE TABLE shop_data.receipts_of_till (customer_id text)")

    for table in ("receipts_of_till", "shop_data.receipt_of_till", "till.receipts_of_till"):
        source = TableSource(database=POSTGRES, table=table)
        error_of(source, DataError, match=f"has no table '{table}'; did you mean 'shop_data.receipts_of_till'")
    administer("DROP SCHEMA shop_data CASCADE")


@pytest.mark.parametrize(
    ("address", "error", "message"),
    [
        ("duckdb://{folder}/none.duckdb", SourceUnavailable, "there is no such file$"),
        ("duckdb://{folder}/text.duckdb", SourceUnavailable, "it is no DuckDB file$"),
        ("duckdb://", SourceUnavailable, "it names no DuckDB file, such as duckdb://shop.duckdb$"),
        ("sqlite://{folder}/text.duckdb", SourceUnavailable, "it is no SQLite file$"),
        ("mysql://ada:hush@host/shop", ConfigError, r"install ibis-framework\[mysql\], or name a database of postgres"),
    ],
)
def test_a_database_that_cannot_be_opened_is_explained_in_plain_words(
    tmp_path: Path, address: str, error: type[BadInput], message: str
):
    (tmp_path / "text.duckdb").write_text("no database, but as long as the header of one " * 300)

    error_of(TableSource(database=address.format(folder=tmp_path), table="t"), error, match=message)


def test_a_server_that_accepts_connections_and_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(databases, "CONNECT_SECONDS", 2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        source = TableSource(database=f"postgresql://ada@127.0.0.1:{server.getsockname()[1]}/test", table="t")

        error_of(source, SourceUnavailable, match="does not answer: connection timeout expired")


ZONES = {
    "moments": ("moment", ["2025-04-01 07:30:00", "2025-08-01 01:30:00"]),
    "times without a zone": ("local", ["2025-03-31 22:30:00", "2025-07-31 16:30:00"]),
    "days": ("day", ["2025-03-31 00:00:00", "2025-07-31 00:00:00"]),
    "text with offsets": ("written", ["2025-04-01 07:30:00", "2025-08-01 01:30:00"]),
}
"What the columns of `store_moments` are in Tokyo, whatever the zone of the server, the session and the machine."


@contextmanager
def store_moments() -> Iterator[str]:
    """A table in PostgreSQL with every type of time."""
    name = ibis.util.gen_name("moments")
    moments = [datetime(2025, 3, 31, 22, 30), datetime(2025, 7, 31, 16, 30)]
    columns = {
        "customer_id": ["ada", "bo"],
        "moment": pa.array(moments, pa.timestamp("us", tz="UTC")),
        "local": moments,
        "day": [one.date() for one in moments],
        "written": [f"{one}+00" for one in moments],
        "amount": [1.0, 1.0],
    }
    engine("postgres").create_table(name, pa.table(columns))
    yield name
    administer(f"DROP TABLE {name}")


@pytest.mark.parametrize("is_copied", [False, True])
@pytest.mark.parametrize("column", ZONES)
def test_times_do_not_depend_on_the_zone_of_server_session_or_machine(
    column: str, is_copied: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    name, expected = ZONES[column]
    (tmp_path / "items.csv").write_text("item_id\ntea\n")
    more = {"items": TableSource(path=f"{tmp_path}/items.csv")} if is_copied else {}
    with store_moments() as table:
        for place in ("", "America/New_York", "Asia/Kolkata"):
            monkeypatch.setenv("TZ", place or "UTC")
            monkeypatch.setenv("PGTZ", place or "UTC")
            url = f"{POSTGRES}?options=-c%20timezone%3D{place}" if place else POSTGRES
            source = TableSource(database=url, table=table, columns={"event_time": name})
            tables = open_tables(config(tables={"purchases": source, **more}))

            rows = tables["purchases"].order_by("customer_id").to_pyarrow().to_pylist()
            assert [str(row["event_time"]) for row in rows] == expected
            tables.backend.disconnect()


@contextmanager
def store_purchases(*lines: str) -> Iterator[str]:
    """The name of a table in PostgreSQL with these purchases."""
    database, name = engine("postgres"), ibis.util.gen_name("lines")
    database.create_table(name, purchase_log(*lines))
    yield name
    administer(f"DROP TABLE {name} CASCADE; DROP SEQUENCE IF EXISTS {name}_rows_read")


def run_kizuna(command: str, database: str, *, table: str, folder: Path) -> tuple[int, str]:
    """Exit code and error output of a command on a table of a database."""
    (folder / "world.toml").write_text(TOML.format(database=database, table=table))
    words = [command, "--config", "world.toml", *(["--out", "features.csv"] if command == "features" else [])]
    done = subprocess.run([sys.executable, "-m", "kizuna", *words], cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stderr


def administer(statements: str) -> None:
    """Run statements over a second connection, like an administrator."""
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(statements.encode())


@pytest.mark.parametrize(
    "query",
    [
        lambda tables: select_cohort(tables, [date(2024, 3, 8)]),
        lambda tables: compute_features(tables, cohort("ada")),
        load_interactions,
        lambda tables: tables.digest,
    ],
    ids=["cohort", "features", "interactions", "digest"],
)
def test_a_connection_lost_after_opening_is_an_error_in_every_later_query(query: Callable[[Tables], Any]):
    with store_purchases("ada 2024-03-01 item_id=tea") as name:
        tables = open_tables(config(tables={"purchases": TableSource(database=WITH_PASSWORD, table=name)}))
        administer(f"SELECT pg_terminate_backend({cast(Any, tables.backend).con.info.backend_pid})")

        for _ in ("the first query", "the second query"):
            with pytest.raises(SourceUnavailable, match=r"the database postgres.* no longer answers") as error:
                query(tables)
            assert "hush" not in str(error.value)


@pytest.mark.parametrize(("command", "rows"), [("check", 4), ("features", 2), ("features", 6)])
def test_a_connection_lost_during_a_query_is_one_line(command: str, rows: int, tmp_path: Path):
    with store_purchases("ada 2024-01-01", "ada 2024-02-01", "bo 2024-05-01 7") as name:
        administer(BREAKS_OFF.format(name=name, rows=rows))

        exit_code, error = run_kizuna(command, WITH_PASSWORD, table=f"{name}_view", folder=tmp_path)

    assert (exit_code, error.count("\n"), "hush" in error) == (2, 1, False)
    assert "no longer answers: terminating connection" in error
    assert not (tmp_path / "features.csv").exists()


def test_a_database_that_does_not_answer_is_one_line(tmp_path: Path):
    exit_code, error = run_kizuna("check", "postgresql://ada:hush@127.0.0.1:1/shop", table="lines", folder=tmp_path)

    assert (exit_code, error.count("\n"), "hush" in error) == (2, 1, False)
    assert "does not answer" in error


def test_times_of_day_that_are_copied_keep_their_offset(tmp_path: Path):
    engine("postgres")
    (tmp_path / "customers.csv").write_text("customer_id,event_time\nada,2026-03-01\n")
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS clocks_with_offsets")
        connection.execute(
            "CREATE TABLE clocks_with_offsets AS SELECT 'ada' AS customer_id, DATE '2026-03-13' AS day, 1.0 AS amount, "
            "TIMETZ '20:15:00-05:00' AS clock"
        )
        columns: dict[str, str | ColumnSource] = {"event_time": ColumnSource(column="day", time_of_day="clock")}
        purchases = TableSource(database=POSTGRES, table="clocks_with_offsets", columns=columns)
        # A table in a file beside it: so the rows are copied.
        customers = TableSource(path=str(tmp_path / "customers.csv"))

        tables = open_tables(config(tables={"purchases": purchases, "customers": customers}))

        assert tables["purchases"].event_time.to_pyarrow().to_pylist() == [datetime(2026, 3, 14, 10, 15)]
        connection.execute("DROP TABLE clocks_with_offsets")
