"""Durations as minutes, debits and credits as one amount, and moments in scientific notation, on every engine."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import ibis
import msgspec
import pyarrow as pa
import pytest

from core.config.sources import TableSource
from core.errors import ConfigError
from tables.cleaning.conform import EXCLUDED_BECAUSE, EXCLUDED_VALUE, conform
from tables.contract import CONTRACT
from tests.engines import engine, every_engine
from tests.worlds import config


def read(table: str, columns: dict[str, Any], engine_name: str, **cells: list[str | None]) -> list[dict[str, Any]]:
    """The rows of a table with these cells; its columns are read from them."""
    backend, name = engine(engine_name), ibis.util.gen_name("raw")
    n_rows = len(next(iter(cells.values())))
    frame = pa.table({"n": list(range(n_rows)), "customer_id": ["ada"] * n_rows, **cells})
    backend.create_table(name, frame, temp=True)
    settings = {"path": "t.csv", "columns": {"event_time": {"constant": "2026-01-01"}, **columns}}
    raw = backend.table(name).order_by("n")
    source = msgspec.convert(settings, TableSource)
    return conform(raw, CONTRACT[table], config=config(), source=source).rows.to_pyarrow().to_pylist()


@every_engine
def test_durations_are_minutes(engine_name: str):
    written = {
        "1:20": 80.0,
        "0:05": 5.0,
        "1:20:30": 80.5,
        "1h 20m": 80.0,
        "1 hr 20 min": 80.0,
        "PT1H30S": 60.5,
        "90 min": 90.0,
        "1時間20分": 80.0,
        "1 Std. 5 Min": 65.0,
        "2 days 01:00:00": 2_940.0,
        "45": 45.0,
        "": None,
    }
    columns = {"event": {"constant": "session"}, "value": {"column": "spent", "duration": "h:mm"}}

    rows = read("usage", columns, engine_name, spent=list(written))

    assert [row["value"] for row in rows] == list(written.values())


@pytest.mark.parametrize(("spent", "minutes"), [("4:30", 4.5), ("75:00", 75.0), ("1:00:00", 60.0)])
def test_two_parts_are_minutes_and_seconds_where_the_toml_says_so(spent: str, minutes: float):
    columns = {"event": {"constant": "session"}, "value": {"column": "spent", "duration": "m:ss"}}

    assert read("usage", columns, "duckdb", spent=[spent])[0]["value"] == minutes


@every_engine
def test_another_text_among_durations_is_unreadable(engine_name: str):
    columns = {"event": {"constant": "session"}, "value": {"column": "spent", "duration": "h:mm"}}

    (row,) = read("usage", columns, engine_name, spent=["1:75"])

    assert (row[EXCLUDED_BECAUSE], row[EXCLUDED_VALUE]) == ("value: unreadable number", "1:75?")


def test_a_duration_that_is_no_number_is_an_error():
    with pytest.raises(ConfigError, match=r"duration is for numbers, and usage\.event is none"):
        read("usage", {"event": {"column": "spent", "duration": "h:mm"}}, "duckdb", spent=["1:20"])


@every_engine
def test_a_line_has_a_debit_or_a_credit(engine_name: str):
    amount = {"column": "credit", "minus": ["debit"]}

    rows = read("purchases", {"amount": amount}, engine_name, credit=["5", None, "", None], debit=[None, "2", "", "0"])

    assert [row["amount"] for row in rows] == [5.0, -2.0, None, None]
    assert [row[EXCLUDED_BECAUSE] for row in rows] == [None, None, "amount: missing", "amount: missing"]


@every_engine
@pytest.mark.parametrize(
    ("written", "date_format", "read_as"),
    [
        ("1.700000123E+09", "epoch_seconds", datetime(2023, 11, 15, 7, 15, 23)),
        ("1,700000123e9", "epoch_seconds", datetime(2023, 11, 15, 7, 15, 23)),
        ("1.700000123456E+12", "epoch_milliseconds", datetime(2023, 11, 15, 7, 15, 23)),
        ("1.7E+09", "epoch_seconds", None),
        ("1,700E+09", "epoch_seconds", None),
        ("1.70000E+12", "epoch_milliseconds", None),
    ],
)
def test_moments_in_scientific_notation_are_read_only_with_all_their_digits(
    engine_name: str, written: str, date_format: str, read_as: datetime | None
):
    columns = {"event_time": {"column": "at", "date_format": date_format}, "amount": {"constant": 1}}

    (row,) = read("purchases", columns, engine_name, at=[written])

    assert row["event_time"] == read_as
    lost = "event_time: a time in scientific notation, its digits are lost"
    assert (row[EXCLUDED_BECAUSE], row[EXCLUDED_VALUE]) == ((None, None) if read_as else (lost, written))
