"""JSON Lines: values keep their digits, and what is no JSON Lines is one line."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from msgspec import structs

from core.config.sources import ColumnSource, TableSource
from core.errors import DataError
from tables.sources.opening import open_tables
from tests.tables.sources.test_csv import error_of
from tests.worlds import config


def as_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else value


@contextmanager
def store_in_json_lines(tables: Mapping[str, pa.Table]) -> Generator[dict[str, TableSource]]:
    """Each table as a file of JSON Lines."""
    with tempfile.TemporaryDirectory() as folder:
        for name, table in tables.items():
            rows = [{key: as_json(value) for key, value in row.items()} for row in table.to_pylist()]
            lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            Path(folder, f"{name}.jsonl").write_text(lines, encoding="utf-8")
        yield {name: TableSource(path=f"{folder}/{name}.jsonl") for name in tables}


WRITERS = {"jsonl": store_in_json_lines}


def test_long_ids_keep_their_digits_and_absent_fields_are_missing(tmp_path: Path):
    path = tmp_path / "t.jsonl"
    path.write_text(
        '{"customer_id": 72000000000000000012345, "event_time": "2024-03-01", "amount": 1.5}\n'
        '{"customer_id": 17850.0, "event_time": "2024-03-02", "amount": "2", "channel": "web"}\n'
    )

    tables = open_tables(config(tables={"purchases": TableSource(path=str(path))}))

    rows = tables["purchases"].order_by("amount").to_pyarrow().to_pylist()
    assert [(row["customer_id"], row["amount"], row["channel"]) for row in rows] == [
        ("72000000000000000012345", 1.5, None),
        ("17850", 2.0, "web"),
    ]


def test_ids_of_mixed_types_are_exact_or_excluded(tmp_path: Path):
    ids = ("9007199254740993.0", "9007199254740993", '"abc"', "true", '{"a": 1}', "[1]", "1.0E+05", '"00123"')
    lines = [f'{{"customer_id": {one}, "event_time": "2024-03-01", "amount": 1}}' for one in (*ids, *range(10, 112))]
    (tmp_path / "t.jsonl").write_text("\n".join(lines) + "\n")

    tables = open_tables(config(tables={"purchases": TableSource(path=str(tmp_path / "t.jsonl"))}))

    read = tables["purchases"].to_pyarrow()["customer_id"].to_pylist()
    assert sorted(one for one in read if len(one) != 2 and not one.startswith("1")) == [
        "00123", "9007199254740993", "abc"
    ]  # fmt: skip
    assert "100000" in read
    excluded = {rows.reason: (rows.n_rows, rows.row) for rows in tables.load_report("purchases").exclusions}
    assert excluded == {
        "customer_id: too long for a floating-point number, its digits are lost": (1, 1),
        "customer_id: a truth value, an object or a list": (3, 4),
    }


def test_microseconds_since_1970_are_read_as_text_too(tmp_path: Path):
    (tmp_path / "t.jsonl").write_text('{"customer_id": 1, "event_time": "1767225600000000", "amount": 1}\n')
    source = TableSource(path=str(tmp_path / "t.jsonl"), date_format="epoch_microseconds")

    (row,) = open_tables(config(tables={"purchases": source}))["purchases"].to_pyarrow().to_pylist()

    assert row["event_time"] == datetime(2026, 1, 1, 9)


@pytest.mark.parametrize("text", ['{"amount": 1', "amount,1\n", "[1, 2]\n", ""])
def test_what_is_no_json_lines_is_one_line(tmp_path: Path, text: str):
    (tmp_path / "t.jsonl").write_text(text)

    error_of(TableSource(path=str(tmp_path / "t.jsonl")), DataError, match="JSON Lines|empty|lacks the column")


LINES = "".join(f'{{"customer_id": 1, "event_time": "2024-03-{day:02}", "amount": 1}}\n' for day in range(1, 29))


@pytest.mark.parametrize("line", ['{"customer_id": 2, "event', "hello", "3", "[1]"])
def test_a_line_that_is_no_object_is_an_error_or_left_out_and_counted(tmp_path: Path, line: str):
    (tmp_path / "t.jsonl").write_text(LINES + line + "\n" + LINES)
    source = TableSource(path=str(tmp_path / "t.jsonl"))

    message = error_of(source, DataError, match="line 29: it is no JSON object")
    assert '1 of 57 lines cannot be read; bad_lines = "skip" leaves them out' in message

    report = open_tables(config(tables={"purchases": structs.replace(source, bad_lines="skip")})).load_report(
        "purchases"
    )
    assert (report.n_usable, report.n_rows, report.bad_lines.n) == (56, 56, 1)


ORDERS = [
    {
        "id": "o1", "who": {"id": 7}, "day": "2024-03-01",
        "lines": {"data": [{"sku": "a", "n": 2, "price": "1.50"}, {"sku": "b", "n": 1, "price": "4"}]},
    },
    {"id": "o2", "who": {"id": 8}, "day": "2024-03-02", "lines": {"data": []}},
]  # fmt: skip


@pytest.mark.parametrize("text", ["\n".join(map(json.dumps, ORDERS)), json.dumps(ORDERS, indent=1)])
def test_a_list_of_objects_becomes_one_row_each_and_an_empty_one_is_counted(tmp_path: Path, text: str):
    (tmp_path / "t.json").write_text(text)
    columns: dict[str, str | ColumnSource] = {
        "customer_id": "who.id", "event_time": "day", "order_id": "id", "item_id": "lines.data.sku",
        "amount": ColumnSource(product=("lines.data.n", "lines.data.price")),
    }  # fmt: skip
    source = TableSource(path=str(tmp_path / "t.json"), each="lines.data", columns=columns)

    tables = open_tables(config(tables={"purchases": source}))

    rows = tables["purchases"].order_by("item_id").to_pyarrow().to_pylist()
    assert [(row["customer_id"], row["order_id"], row["item_id"], row["amount"]) for row in rows] == [
        ("7", "o1", "a", 3.0),
        ("7", "o1", "b", 4.0),
    ]
    assert tables.load_report("purchases").excluded == {"amount: missing": 1}


def test_a_column_without_lists_cannot_be_spread(tmp_path: Path):
    (tmp_path / "t.json").write_text('{"customer_id": 1, "event_time": "2024-03-01", "amount": 1}')

    error_of(TableSource(path=str(tmp_path / "t.json"), each="amount"), DataError, match="'amount' has no lists of obj")
