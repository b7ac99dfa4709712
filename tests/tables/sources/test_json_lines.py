"""JSON Lines files."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from core.config.sources import TableSource
from core.errors import ConfigError, DataError
from tables.sources.opening import open_tables
from tests.worlds import config


@contextmanager
def store_in_json_lines(tables: Mapping[str, pa.Table]) -> Generator[dict[str, TableSource]]:
    """Each table as a file; what is missing is null."""
    with tempfile.TemporaryDirectory() as folder:
        for name, table in tables.items():
            lines = "".join(json.dumps(row, default=str) + "\n" for row in table.to_pylist())
            (Path(folder) / f"{name}.jsonl").write_text(lines, encoding="utf-8")
        yield {name: TableSource(path=f"{folder}/{name}.jsonl") for name in tables}


WRITERS = {"json_lines": store_in_json_lines}


def purchases_of(tmp_path: Path, *lines: str, **settings) -> list[dict]:
    (tmp_path / "p.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    source = TableSource(path=str(tmp_path / "p.jsonl"), **settings)
    return open_tables(config(tables={"purchases": source}))["purchases"].to_pyarrow().to_pylist()


def test_ids_keep_their_digits_and_times_their_offset(tmp_path: Path):
    line = '{"customer_id": "007", "item_id": 72000000000000000001, "event_time": "2026-04-01T00:30:00Z", "amount": 5}'

    (row,) = purchases_of(tmp_path, line)

    assert (row["customer_id"], row["item_id"]) == ("007", "72000000000000000001")
    assert row["event_time"].isoformat() == "2026-04-01T09:30:00"


def test_a_key_that_only_later_lines_have_is_read(tmp_path: Path):
    rows = purchases_of(
        tmp_path,
        '{"event_time": "2026-04-01", "amount": 5}',
        '{"event_time": "2026-04-02", "amount": 5, "customer_id": "c1"}',
    )

    assert [row["customer_id"] for row in rows] == [None, "c1"]


def test_fields_of_objects_are_named_with_dots(tmp_path: Path):
    line = '{"created": "2026-04-01", "customer": "c1", "plan": {"amount": 12.5, "interval": "month"}}'

    columns = {"event_time": "created", "customer_id": "customer", "amount": "plan.amount"}

    assert purchases_of(tmp_path, line, columns=columns)[0]["amount"] == 12.5


@pytest.mark.parametrize("text", ['{"a": 1', "[1, 2]", "plain text", '{"event_time": 1}\n{broken}'])
def test_a_line_that_is_no_object_is_an_error_in_one_line(tmp_path: Path, text: str):
    with pytest.raises(DataError, match=r"write one object per line") as error:
        purchases_of(tmp_path, text)

    assert "\n" not in str(error.value)
    assert "plain text" not in str(error.value)


def test_another_encoding_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match="JSON Lines is always UTF-8"):
        purchases_of(tmp_path, "{}", encoding="cp932")
