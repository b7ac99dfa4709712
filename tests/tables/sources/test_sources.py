"""Tables come back as they went in, whatever they lived in; what is broken says so in one line."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.config.sources import ColumnSource, RowMatch, TableSource
from core.errors import BadInput, ConfigError, DataError, SourceUnavailable
from tables.sources.opening import open_tables
from tables.tables import Tables
from tests.engines import POSTGRES, engine
from tests.worlds import config, frame, purchase_log

Kept = Callable[[pa.Table], Any]


@contextmanager
def in_parquet(table: pa.Table) -> Iterator[TableSource]:
    with tempfile.TemporaryDirectory() as folder:
        pq.write_table(table, Path(folder) / "t.parquet")
        yield TableSource(path=f"{folder}/*.parquet")


@contextmanager
def in_csv(table: pa.Table, encoding: str = "utf-8") -> Iterator[TableSource]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        with path.open("w", encoding=encoding, newline="") as lines:
            rows = zip(*table.to_pydict().values(), strict=True)
            csv.writer(lines, quoting=csv.QUOTE_ALL).writerows([table.column_names, *rows])
        yield TableSource(path=str(path), encoding=encoding)


@contextmanager
def in_cp932(table: pa.Table) -> Iterator[TableSource]:
    with in_csv(table, "cp932") as source:
        yield source


@contextmanager
def in_duckdb(table: pa.Table) -> Iterator[TableSource]:
    with tempfile.TemporaryDirectory() as folder:
        database = ibis.duckdb.connect(f"{folder}/t.duckdb")
        database.create_table("lines", table)
        database.disconnect()
        yield TableSource(database=f"duckdb://{folder}/t.duckdb", table="lines")


@contextmanager
def in_postgres(table: pa.Table) -> Iterator[TableSource]:
    database, name = engine("postgres"), ibis.util.gen_name("lines")
    database.create_table(name, table)
    yield TableSource(database=POSTGRES, table=name)
    database.drop_table(name)


every_source = pytest.mark.parametrize("kept_in", [in_parquet, in_csv, in_cp932, in_duckdb, in_postgres])
ids = st.text("abc絆店 \"',;\n-0123456789", min_size=1, max_size=9)
lines = st.fixed_dictionaries(
    {
        "customer_id": ids,
        "event_time": st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1)).map(
            lambda time: time.replace(microsecond=0)
        ),
        "amount": st.integers(-(10**9), 10**9).map(lambda cents: cents / 100),
        "item_id": st.none() | ids,
        "quantity": st.none() | st.integers(-5, 99).map(float),
    }
)


@contextmanager
def opened(source: TableSource) -> Iterator[Tables]:
    tables = open_tables(config(tables={"purchases": source}))
    yield tables
    tables.backend.disconnect()


def refused(source: TableSource, kind: type[BadInput], message: str) -> str:
    """What is said of a source that cannot be opened."""
    with pytest.raises(kind, match=message) as error:
        open_tables(config(tables={"purchases": source}))
    assert "\n" not in str(error.value)
    return str(error.value)


def contents(table: pa.Table) -> list[str]:
    names = sorted(table.column_names)
    return sorted(str([row[name] for name in names]) for row in table.to_pylist())


@every_source
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(lines, min_size=1, max_size=8))
def test_tables_come_back_as_they_went_in(kept_in: Kept, rows: list[dict[str, Any]]):
    table = pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in SHAPE.items()})

    with kept_in(table) as source, opened(source) as tables:
        assert contents(tables["purchases"].to_pyarrow()) == contents(table)


SHAPE = {
    "customer_id": pa.string(),
    "event_time": pa.timestamp("us"),
    "amount": pa.float64(),
    "item_id": pa.string(),
    "quantity": pa.float64(),
}


@every_source
def test_tables_of_several_sources_meet_in_one_engine(kept_in: Kept):
    with kept_in(purchase_log("ada 2024-03-01 item_id=tea")) as bought, in_parquet(frame({"item_id": "tea"})) as sold:
        tables = open_tables(config(tables={"purchases": bought, "items": sold}))

        assert tables["purchases"].join(tables["items"], "item_id").count().to_pyarrow().as_py() == 1


@pytest.mark.parametrize(("kept_in", "name"), [(in_postgres, "postgres"), (in_duckdb, "duckdb"), (in_csv, "duckdb")])
def test_a_database_that_holds_everything_computes_itself(kept_in: Kept, name: str):
    with kept_in(purchase_log("ada 2024-03-01")) as source, opened(source) as tables:
        assert tables.backend.name == name


def test_columns_are_mapped_multiplied_emptied_and_returns_are_negative():
    table = pa.table(
        {
            "Bill": ["C1", "2"],
            "Day": [datetime(2024, 3, 1)] * 2,
            "N": [2, 3],
            "Price": [1.5, 2.0],
            "Code": ["POST", "7"],
        }
    )
    columns = {
        "event_time": "Day",
        "amount": ColumnSource(product=("N", "Price")),
        "quantity": "N",
        "item_id": ColumnSource(column="Code", null_values=("POST",)),
        "channel": ColumnSource(constant="web"),
    }
    with in_parquet(table) as found:
        source = TableSource(path=found.path, columns=columns, returns=RowMatch(column="Bill", starts_with="C"))
        with opened(source) as tables:
            rows = tables["purchases"].order_by("amount").to_pyarrow().to_pylist()

    assert [tuple(row[name] for name in ("amount", "quantity", "item_id", "channel")) for row in rows] == [
        (-3.0, -2.0, None, "web"),
        (6.0, 3.0, "7", "web"),
    ]


def test_a_csv_of_a_japanese_till_is_read(tmp_path: Path):
    text = '会員,日付,金額\n17850.0,2026年4月1日 9時30分,"\\1,234"\n3.0,2026/4/2,（５００）\n'
    (tmp_path / "till.csv").write_text(text, encoding="cp932")
    columns: dict[str, str | ColumnSource] = {"customer_id": "会員", "event_time": "日付", "amount": "金額"}

    with opened(TableSource(path=str(tmp_path / "till.csv"), encoding="cp932", columns=columns)) as tables:
        rows = tables["purchases"].select("customer_id", "event_time", "amount").order_by("event_time").to_pyarrow()

    assert rows.to_pylist() == [
        {"customer_id": "17850", "event_time": datetime(2026, 4, 1, 9, 30), "amount": 1234.0},
        {"customer_id": "3", "event_time": datetime(2026, 4, 2), "amount": -500.0},
    ]


GOOD = "customer_id,event_time,amount\nada,2024-03-01,1\nbo,2024-03-02,2\n"
BROKEN = {
    "a line cut off": (GOOD + "cy,2024", "line 4: it does not have as many cells as the header"),
    "a quote never closed": (GOOD + 'cy,2024-03-03,"3', "line 4: a quote is opened and never closed"),
    "a line too long": (GOOD.replace(",2\n", ",2,9\n"), "line 3: it does not have as many cells as the header"),
    "no row": ("customer_id,event_time,amount\n", "purchases is empty"),
    "nothing": ("", "purchases is empty"),
    "a column twice": ("amount,event_time,amount\n1,2024-03-01,1\n", "has 'amount' twice"),
    "mixed types": (GOOD.replace(",2\n", ",two\n"), "mixed types: 1 of 2 rows of purchases have amount"),
    "no usable row": ("event_time,amount\n2024-03-01,\n", r"no row of purchases can be used: amount: missing"),
    "a required column missing": ("customer_id,amount\nada,1\n", "purchases lacks the column 'event_time'"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_csv_is_an_error_that_names_the_place(tmp_path: Path, text: str, message: str):
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")

    assert "cy,2024" not in refused(TableSource(path=str(tmp_path / "t.csv")), DataError, message)


def test_a_csv_in_another_encoding_asks_for_it(tmp_path: Path):
    (tmp_path / "t.csv").write_text("event_time,amount,channel\n2024-03-01,1,店\n", encoding="cp932")

    path = str(tmp_path / "t.csv")
    refused(TableSource(path=path), DataError, "line 2: it is not UTF-8; set encoding")
    refused(TableSource(path=path, encoding="cp9999"), ConfigError, "unknown encoding 'cp9999'")


def test_files_of_one_table_have_one_shape(tmp_path: Path):
    (tmp_path / "1.csv").write_text(GOOD)
    (tmp_path / "2.csv").write_text("customer_id,amount,event_time\nada,1,2024-03-01\n")

    refused(TableSource(path=str(tmp_path / "*.csv")), DataError, "different headers")


UNUSABLE = {
    "no file": (TableSource(path="/nowhere/t.csv"), SourceUnavailable, "no file at /nowhere/t.csv"),
    "an unknown kind": (TableSource(path=__file__), ConfigError, r"cannot read files ending in \.py"),
    "a stopped database": (
        TableSource(database="postgres://ada:hush@127.0.0.1:1/test", table="t"), SourceUnavailable, "does not answer",
    ),
    "no DuckDB file": (TableSource(database="duckdb:///nowhere/t", table="t"), SourceUnavailable, "does not answer"),
    "no address": (TableSource(database="nonsense", table="t"), ConfigError, "not the address of a database"),
    "an unknown engine": (TableSource(database="nosuch://x", table="t"), ConfigError, "not the address of a database"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "kind", "message"), UNUSABLE.values(), ids=UNUSABLE)
def test_what_is_not_there_says_so_in_one_line_without_the_password(source: TableSource, kind: type, message: str):
    assert "hush" not in refused(source, kind, message)


def test_a_damaged_parquet_file_is_an_error(tmp_path: Path):
    (tmp_path / "t.parquet").write_bytes(b"PAR1 is not enough")

    refused(TableSource(path=str(tmp_path / "t.parquet")), DataError, r"t\.parquet cannot be read as Parquet")


def test_a_missing_table_of_a_database_names_the_nearest():
    with in_duckdb(purchase_log("ada 2024-03-01")) as source:
        refused(TableSource(database=source.database, table="line"), DataError, "did you mean 'lines'")


def test_unknown_columns_name_the_nearest():
    with in_parquet(purchase_log("ada 2024-03-01")) as found:
        for contract, source, kind in (("amuont", "amount", ConfigError), ("amount", "amuont", DataError)):
            mapped = TableSource(path=found.path, columns={contract: source})
            refused(mapped, kind, "column 'amuont'; did you mean 'amount'")


def test_a_data_set_without_purchases_and_usage_is_refused():
    with in_parquet(frame({"item_id": "tea"})) as source, pytest.raises(BadInput, match="at least one is needed"):
        open_tables(config(tables={"items": source}))


def test_a_thing_named_twice_without_a_date_is_refused():
    twice = frame({"item_id": "tea"}, {"item_id": "tea"})

    with in_parquet(purchase_log("ada 2024-03-01")) as bought, in_parquet(twice) as sold:
        both = config(tables={"purchases": bought, "items": sold})
        with pytest.raises(DataError, match="1 rows of items repeat their item_id"):
            open_tables(both)
