"""Opening a data set: mapped columns, and what cannot be opened."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import ibis
import pyarrow as pa
import pytest

from core.config.rows import RowMatch
from core.config.sources import ColumnSource, TableSource
from core.errors import BadInput, ConfigError, DataError, SourceUnavailable
from tables.engines.databases import connect_in_memory
from tables.sources import opening
from tables.sources.opening import open_tables
from tests.tables.sources.test_csv import error_of
from tests.tables.sources.test_parquet import store_in_parquet
from tests.worlds import config, frame, purchase_log


def test_columns_are_mapped_multiplied_and_emptied_and_returns_are_negative():
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
    with store_in_parquet({"purchases": table}) as stored:
        returns = RowMatch(column="Bill", starts_with="C")
        source = TableSource(path=stored["purchases"].path, columns=columns, returns=returns)
        tables = open_tables(config(tables={"purchases": source}))
        rows = tables["purchases"].order_by("amount").to_pyarrow().to_pylist()

    assert [tuple(row[name] for name in ("amount", "quantity", "item_id", "channel")) for row in rows] == [
        (-3.0, -2.0, None, "web"),
        (6.0, 3.0, "7", "web"),
    ]


UNUSABLE = {
    "no file": (TableSource(path="/nowhere/t.csv"), SourceUnavailable, "no file at /nowhere/t.csv"),
    "an unknown kind": (
        TableSource(path=__file__),
        ConfigError,
        r"cannot read files ending in \.py; .* \.parquet, \.pq",
    ),
    "snapshots of purchases": (
        TableSource(path="/nowhere/t.csv", monthly_snapshots=True),
        ConfigError,
        r"^\[tables.purchases\] monthly_snapshots is a setting of \[tables.subscriptions\] alone",
    ),
    "last days of purchases": (
        TableSource(path="/nowhere/t.csv", last_day_included=False),
        ConfigError,
        r"^\[tables.purchases\] last_day_included is a setting of \[tables.subscriptions\] alone",
    ),
}


@pytest.mark.parametrize(("source", "kind", "message"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_file_that_cannot_be_opened_is_one_line(source: TableSource, kind: type[BadInput], message: str):
    error_of(source, kind, match=message)


def test_an_unknown_column_names_the_most_similar_one():
    with store_in_parquet({"purchases": purchase_log("ada 2024-03-01")}) as stored:
        for contract, source, kind in (("amuont", "amount", ConfigError), ("amount", "amuont", DataError)):
            mapped = TableSource(path=stored["purchases"].path, columns={contract: source})
            error_of(mapped, kind, match="column 'amuont'; did you mean 'amount'")


def test_a_data_set_without_purchases_and_usage_is_an_error():
    items = {"items": frame({"item_id": "tea"})}

    with store_in_parquet(items) as stored, pytest.raises(BadInput, match="one of them is needed"):
        open_tables(config(tables=stored))


def test_two_undated_rows_of_one_thing_are_an_error():
    frames = {
        "purchases": purchase_log("ada 2024-03-01"),
        "items": frame({"item_id": "tea"}, {"item_id": "tea"}),
    }

    with store_in_parquet(frames) as stored, pytest.raises(DataError, match="1 rows of items repeat their item_id"):
        open_tables(config(tables=stored))


def test_queries_may_be_nested_deeper_than_python_allows_by_default():
    text = ibis.literal(" a ")
    for _ in range(200):
        text = text.strip().upper()

    assert connect_in_memory().to_pyarrow(text).as_py() == "A"


def test_a_file_too_large_to_copy_has_the_rows_of_its_copy(monkeypatch: pytest.MonkeyPatch):
    table = pa.table(
        {
            "customer_id": [" ada", "bo", None, "bo", "cyd"],
            "item_id": ["tea", "jam", "tea", "jam", "n/a"],
            "event_time": ["2026-03-01", "2026-03-05", "2026-03-02", "2026-03-03 10:00", "2026-03-09"],
            "amount": ["5.0", "7", "1", "2,500", "3"],
        }
    )
    with store_in_parquet({"purchases": table}) as sources:
        copied = open_tables(config(tables=sources)).latest()["purchases"]
        monkeypatch.setattr(opening, "MAX_COPIED_ROWS", 0)
        read_in_place = open_tables(config(tables=sources)).latest()["purchases"]

        rows = [sorted(map(str, each.to_pyarrow().to_pylist())) for each in (copied, read_in_place)]
    assert rows[0] == rows[1]
    assert len(rows[0]) == len(table)


def test_a_link_to_nothing_is_no_file(tmp_path: Path):
    for name, target in (("gone.csv", "nowhere.csv"), ("loop.csv", "loop.csv")):
        (tmp_path / name).symlink_to(target)

        error_of(
            TableSource(path=str(tmp_path / name)), SourceUnavailable, match=f"no file at .*{name} .a link to {target}"
        )
