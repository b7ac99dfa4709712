"""Text, numbers, times and ids are read as the contract asks, the same on every engine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tables.cleaning.readings import READERS
from tables.cleaning.time_zones import local_to_utc, utc_to_local
from tables.cleaning.workbench import Clock, Workbench
from tables.contract import Kind
from tests.engines import engine, every_engine

TOKYO = Clock("Asia/Tokyo", "Asia/Tokyo")
ZONES = ("Europe/London", "America/New_York", "Asia/Tokyo", "Africa/Casablanca", "Australia/Lord_Howe")
many_moments = st.lists(st.datetimes(datetime(1971, 1, 1), datetime(2049, 12, 1)), min_size=50, max_size=100)
unhurried = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def store_cells(cells: list[Any], engine_name: str, kind: pa.DataType | None = None) -> Any:
    in_order = pa.table({"n": range(len(cells)), "cell": pa.array(cells, kind)})
    return engine(engine_name).create_table(ibis.util.gen_name("cells"), in_order, temp=True)


def read_with_errors(
    cells: list[Any], kind: Kind, engine_name: str, clock: Clock, stored_as: pa.DataType | None
) -> pa.Table:
    table = store_cells(cells, engine_name, stored_as)
    bench = Workbench(table, clock)
    reading = READERS[kind](table.cell, bench)
    unreadable = ibis.coalesce(reading.unreadable, False) if reading.unreadable is not None else ibis.literal(False)
    return bench.table.select("n", value=reading.value, unreadable=unreadable).order_by("n").to_pyarrow()


def read(
    cells: list[Any], kind: Kind, engine_name: str, clock: Clock = TOKYO, stored_as: pa.DataType | None = None
) -> list[Any]:
    return read_with_errors(cells, kind, engine_name, clock, stored_as)["value"].to_pylist()


def unreadable(cells: list[Any], kind: Kind, engine_name: str = "duckdb") -> list[bool]:
    return read_with_errors(cells, kind, engine_name, TOKYO, None)["unreadable"].to_pylist()


NUMBERS = {
    "12": 12, " 1,234 ": 1234, "¥1,234": 1234, "￥１，２３４": 1234, "(1,234)": -1234, "（５００）": -500, "△500": -500,
    "−3.5": -3.5, "12.5%": 0.125, "1,234円": 1234, "$ 5": 5, "-¥20": -20, "1e3": 1000, ".5": 0.5, "7.": 7,
    "12,50": None, "1,23,4": None, "abc": None, "": None, "--1": None, "(-5)": None, "1 2 x": None, "e5": None,
}  # fmt: skip


@every_engine
def test_numbers_are_read_in_all_usual_notations_and_never_guessed(engine_name: str):
    assert read(list(NUMBERS), "number", engine_name) == list(NUMBERS.values())


TIMES = {
    "2026/4/1": datetime(2026, 4, 1), "2026-04-01": datetime(2026, 4, 1), "2026.4.1": datetime(2026, 4, 1),
    "20260401": datetime(2026, 4, 1), "2026年4月1日": datetime(2026, 4, 1), "２０２６／４／１": datetime(2026, 4, 1),
    "2026年4月1日 9時30分": datetime(2026, 4, 1, 9, 30), "2026年4月1日9時": datetime(2026, 4, 1, 9),
    "2026/4/1 9:30:15": datetime(2026, 4, 1, 9, 30, 15), "2026-04-01T09:30:15.987": datetime(2026, 4, 1, 9, 30, 15),
    "2026-04-01T09:30Z": datetime(2026, 4, 1, 18, 30), "2026-04-01 09:30:00+09:00": datetime(2026, 4, 1, 9, 30),
    "2026-04-01T00:30:00-0500": datetime(2026, 4, 1, 14, 30), "2024-02-29": datetime(2024, 2, 29),
    "2026-02-29": None, "2026-13-01": None, "2026-04-31": None, "04/05/2026": None, "2026-04-01 24:00": None,
    "yesterday": None, "": None, "2026-4": None,
}  # fmt: skip


@every_engine
def test_times_are_read_in_all_usual_notations_and_never_guessed(engine_name: str):
    assert read(list(TIMES), "time", engine_name) == list(TIMES.values())


@every_engine
def test_text_that_is_no_number_is_unreadable_and_an_empty_one_is_missing(engine_name: str):
    assert unreadable(["12", "abc", "", "  ", None], "number", engine_name) == [False, True, False, False, False]


@every_engine
def test_integers_become_ids_of_plain_digits(engine_name: str):
    assert read([17850.0, None, 3.0], "id", engine_name) == ["17850", None, "3"]
    assert read([17850, None], "id", engine_name) == ["17850", None]
    assert read(["007", " x ", ""], "id", engine_name) == ["007", " x ", None]


def test_an_id_is_at_most_128_characters():
    assert unreadable(["絆" * 128, "絆" * 129], "id") == [False, True]


@every_engine
def test_a_fraction_is_neither_an_id_nor_an_integer(engine_name: str):
    kinds: tuple[Kind, ...] = ("id", "integer")
    for kind in kinds:
        assert unreadable([1.5, 2.0, float("nan"), None], kind, engine_name) == [True, False, False, False]


@every_engine
def test_booleans_are_read_from_words_and_from_one_and_zero(engine_name: str):
    assert read(["yes", "FALSE", "はい", "maybe", ""], "boolean", engine_name) == [True, False, True, None, None]
    assert read([1, 0, 2], "boolean", engine_name) == [True, False, None]


def shift_times(times: list[datetime], shift: Callable[[Any, str], Any], zone: str, engine_name: str) -> list[datetime]:
    table = store_cells(times, engine_name, pa.timestamp("us"))
    return table.select("n", time=shift(table.cell, zone)).order_by("n").to_pyarrow()["time"].to_pylist()


@every_engine
@unhurried
@given(zone=st.sampled_from(ZONES), moments=many_moments)
def test_local_times_equal_those_of_zoneinfo_on_every_engine(engine_name: str, zone: str, moments: list[datetime]):
    whole = [moment.replace(microsecond=0) for moment in moments]

    local = shift_times(whole, utc_to_local, zone, engine_name)

    assert local == [m.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) for m in whole]


@every_engine
@unhurried
@given(zone=st.sampled_from(ZONES), moments=many_moments)
def test_an_ambiguous_local_time_is_the_first_one_on_every_engine(engine_name: str, zone: str, moments: list[datetime]):
    whole = [moment.replace(microsecond=0) for moment in moments]

    utc = shift_times(whole, local_to_utc, zone, engine_name)

    assert utc == [m.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC).replace(tzinfo=None) for m in whole]


@every_engine
@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York"])
def test_hours_around_each_clock_change_are_converted_correctly(engine_name: str, zone: str):
    hours = [datetime(2024, month, 1) + timedelta(hours=h) for month in (3, 10, 11) for h in range(31 * 24)]
    clock = ZoneInfo(zone)

    local = shift_times(hours, utc_to_local, zone, engine_name)
    utc = shift_times(hours, local_to_utc, zone, engine_name)

    assert local == [hour.replace(tzinfo=UTC).astimezone(clock).replace(tzinfo=None) for hour in hours]
    assert utc == [hour.replace(tzinfo=clock).astimezone(UTC).replace(tzinfo=None) for hour in hours]


@every_engine
def test_zoned_times_and_naive_times_of_another_zone_become_local(engine_name: str):
    zoned = read([datetime(2024, 7, 1, 12, tzinfo=UTC)], "time", engine_name, TOKYO, pa.timestamp("us", tz="UTC"))
    naive = read([datetime(2024, 7, 1, 12)], "time", engine_name, Clock("Europe/London", "Asia/Tokyo"))

    assert (zoned, naive) == ([datetime(2024, 7, 1, 21)], [datetime(2024, 7, 1, 20)])
