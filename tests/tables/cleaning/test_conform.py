"""Text, numbers, times and ids are read as the contract asks, the same on every engine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.config.sources import ValueFormat
from core.errors import ConfigError, DataError
from tables.cleaning.readings import read_column
from tables.cleaning.workbench import Clock, Workbench, local_to_utc, utc_to_local
from tables.contract_types import Kind
from tables.tables import Tables
from tests.engines import engine, every_engine
from tests.featured import features_at
from tests.worlds import config, frame, shop

TOKYO = Clock("Asia/Tokyo", "Asia/Tokyo")
ZONES = ("Europe/London", "America/New_York", "Asia/Tokyo", "Africa/Casablanca", "Australia/Lord_Howe")
many_moments = st.lists(st.datetimes(datetime(1971, 1, 1), datetime(2049, 12, 1)), min_size=50, max_size=100)
unhurried = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def store_cells(cells: list[Any], engine_name: str, kind: pa.DataType | None = None) -> Any:
    in_order = pa.table({"n": range(len(cells)), "cell": pa.array(cells, kind)})
    return engine(engine_name).create_table(ibis.util.gen_name("cells"), in_order, temp=True)


def read_with_errors(
    cells: list[Any], kind: Kind, engine_name: str, clock: Clock, stored_as: pa.DataType | None, **written: Any
) -> pa.Table:
    table = store_cells(cells, engine_name, stored_as)
    bench = Workbench(table, clock)
    reading = read_column([table.cell], bench, written=ValueFormat(**written), kind=kind)
    faults = [fails for fails, _ in reading.other_faults]
    faults += [reading.unreadable] if reading.unreadable is not None else []
    unreadable = ibis.coalesce(ibis.or_(*faults), False) if faults else ibis.literal(False)
    return bench.select("n", value=reading.value, unreadable=unreadable).order_by("n").to_pyarrow()


def read(
    cells: list[Any],
    kind: Kind,
    engine_name: str,
    clock: Clock = TOKYO,
    stored_as: pa.DataType | None = None,
    **written: Any,
) -> list[Any]:
    return read_with_errors(cells, kind, engine_name, clock, stored_as, **written)["value"].to_pylist()


def unreadable(cells: list[Any], kind: Kind, engine_name: str = "duckdb") -> list[bool]:
    return read_with_errors(cells, kind, engine_name, TOKYO, None)["unreadable"].to_pylist()


NUMBERS = {
    "12": 12, " 1,234 ": 1234, "¥1,234": 1234, "￥１，２３４": 1234, "(1,234)": -1234, "（５００）": -500, "△500": -500,
    "−3.5": -3.5, "12.5%": 0.125, "1,234円": 1234, "$ 5": 5, "-¥20": -20, "1e3": 1000, ".5": 0.5, "7.": 7,
    "500-": -500, "1,250.50 -": -1250.5, "¥20-": -20, "12.-": 12, "1,234.--": 1234, "5--": None, "-5-": None,
    "12,50": None, "1,23,4": None, "abc": None, "": None, "--1": None, "(-5)": None, "1 2 x": None, "e5": None,
}  # fmt: skip


@every_engine
@pytest.mark.parametrize("kind", ["number", "integer"])
def test_yes_and_no_are_one_and_zero_where_a_number_is_expected(kind: Kind, engine_name: str):
    assert read([True, False, None], kind, engine_name, stored_as=pa.bool_()) == [1, 0, None]


@every_engine
def test_numbers_are_read_in_all_usual_notations_and_never_guessed(engine_name: str):
    assert read(list(NUMBERS), "number", engine_name) == list(NUMBERS.values())


TIMES = {
    "2026/4/1": datetime(2026, 4, 1), "2026-04-01": datetime(2026, 4, 1), "2026.4.1": datetime(2026, 4, 1),
    "20260401": datetime(2026, 4, 1), "2026年4月1日": datetime(2026, 4, 1), "２０２６／４／１": datetime(2026, 4, 1),
    "令和8年4月1日": datetime(2026, 4, 1), "令和元年5月1日 9時": datetime(2019, 5, 1, 9),
    "R8.4.1": datetime(2026, 4, 1), "平成31/4/30": datetime(2019, 4, 30), "2026年4月1日(水)": datetime(2026, 4, 1),
    "2026/04/01（水） 9:30": datetime(2026, 4, 1, 9, 30),
    "2026年4月1日 9時30分": datetime(2026, 4, 1, 9, 30), "2026年4月1日9時": datetime(2026, 4, 1, 9),
    "2026/4/1 9:30:15": datetime(2026, 4, 1, 9, 30, 15), "2026-04-01T09:30:15.987": datetime(2026, 4, 1, 9, 30, 15),
    "2026-04-01T09:30Z": datetime(2026, 4, 1, 18, 30), "2026-04-01 09:30:00+09:00": datetime(2026, 4, 1, 9, 30),
    "2026-04-01 00:30:00+00": datetime(2026, 4, 1, 9, 30),
    "2026-04-01T00:30:00-0500": datetime(2026, 4, 1, 14, 30), "2024-02-29": datetime(2024, 2, 29),
    "2026-04-01 16.34": datetime(2026, 4, 1, 16, 34), "2026.4.1 9.30.15": datetime(2026, 4, 1, 9, 30, 15),
    "2026-04-01 16.75": None, "2026-04-01 24.10": None,
    "2026-02-29": None, "2026-13-01": None, "2026-04-31": None, "04/05/2026": None, "2026-04-01 24:00": None,
    "yesterday": None, "": None, "2026-4": None,
}  # fmt: skip


@every_engine
def test_times_are_read_in_all_usual_notations_and_never_guessed(engine_name: str):
    assert read(list(TIMES), "time", engine_name) == list(TIMES.values())


DATE_FORMATS = {
    "day_first": {
        "10/01/2026": datetime(2026, 1, 10), "10.1.2026 09:30": datetime(2026, 1, 10, 9, 30),
        "31-12-25": datetime(2025, 12, 31), "2026-01-10": datetime(2026, 1, 10), "01/31/2026": None,
        "10/01/2026 12:05 AM": datetime(2026, 1, 10, 0, 5), "10/01/2026 3:05pm": datetime(2026, 1, 10, 15, 5),
        "10/01/2026 15:05 PM": None, "29/02/2026": None, "1/2/3": None,
    },
    "month_first": {
        "10/01/2026": datetime(2026, 10, 1), "1/31/69": datetime(1969, 1, 31), "31/1/2026": None,
        "07/15/2025 15:41:59.123 +00": datetime(2025, 7, 16, 0, 41, 59),
    },
    "year_first": {"26/1/10": datetime(2026, 1, 10), "2026/1/10": datetime(2026, 1, 10), "10/01/2026": None},
    "%d.%m.%Y %H:%M": {"10.01.2026 09:30": datetime(2026, 1, 10, 9, 30), "10.01.2026": None, "10/01/2026 09:30": None},
    "%d-%b-%y": {"10-Jan-26": datetime(2026, 1, 10), "10-January-26": datetime(2026, 1, 10), "10-Foo-26": None},
    "%d. %B %Y": {
        "1. März 2026": datetime(2026, 3, 1), "2. MÄRZ 2026": datetime(2026, 3, 2),
        "3. Okt. 2026": datetime(2026, 10, 3),
        "4. juin 2026": datetime(2026, 6, 4), "5. juillet 2026": datetime(2026, 7, 5), "6. Kekse 2026": None,
    },
    "%B %d, %Y %I:%M %p": {"March 1, 2026 12:30 PM": datetime(2026, 3, 1, 12, 30)},
    "%Y%m%d%H%M%S": {"20260110093015": datetime(2026, 1, 10, 9, 30, 15), "20260110": None},
    "%Y年%m月%d日": {"2026年1月10日": datetime(2026, 1, 10), "2026-01-10": None},
    "%Y-%m-%dT%H:%M:%S.%f%z": {"2026-01-10T09:30:15.25-0500": datetime(2026, 1, 10, 23, 30, 15)},
    "epoch_seconds": {"1767225600": datetime(2026, 1, 1, 9), "1767225600.9": datetime(2026, 1, 1, 9), "x": None},
    "spreadsheet_days": {
        "45717": datetime(2025, 3, 1), "45717.5": datetime(2025, 3, 1, 12), "45717.39583": datetime(2025, 3, 1, 9, 30),
        "25569": datetime(1970, 1, 1), "2025-03-01": None,
    },
    "epoch_milliseconds": {"1767225600999": datetime(2026, 1, 1, 9), "-1000": datetime(1970, 1, 1, 8, 59, 59)},
}  # fmt: skip


@every_engine
@pytest.mark.parametrize("date_format", DATE_FORMATS)
def test_dates_are_read_as_the_toml_states(date_format: str, engine_name: str):
    cells = DATE_FORMATS[date_format]

    assert read(list(cells), "time", engine_name, date_format=date_format) == list(cells.values())


@every_engine
def test_numbers_are_times_only_in_the_format_that_the_toml_states(engine_name: str):
    first = datetime(2026, 1, 1, 9)

    assert read([1767225600, None], "time", engine_name, date_format="epoch_seconds") == [first, None]
    assert read([1767225600000.0], "time", engine_name, date_format="epoch_milliseconds") == [first]
    assert read([45717.5, 45717.0], "time", engine_name, date_format="spreadsheet_days") == [
        datetime(2025, 3, 1, 12), datetime(2025, 3, 1)
    ]  # fmt: skip
    assert read([20260101, 20261301], "time", engine_name, date_format="%Y%m%d") == [datetime(2026, 1, 1), None]
    with pytest.raises(DataError, match="cannot be read as a time"):
        read([1767225600], "time", engine_name)


NOTATIONS = [
    ({"decimal": ","}, {"1.250": 1250, "1.250,50": 1250.5, "12,5": 12.5, "980": 980, "1,250.00": None, "12.5": None}),
    ({"thousands": "."}, {"1.250": 1250, "1.250.000": 1250000, "12,50": 12.5, "1 250": None}),
    ({"decimal": ",", "thousands": " "}, {"1 250,50": 1250.5, "1\u00a0250": 1250, "1.250": None}),
    ({"thousands": "'"}, {"1'250.50": 1250.5, "1,250": None}),
    ({"thousands": ""}, {"1250.5": 1250.5, "1,250": None}),
    ({}, {"1'250.50": 1250.5, "1 250": 1250, "1 2": None, "12,34,567.5": 1234567.5, "1.250": 1.25}),
]


@every_engine
@pytest.mark.parametrize(("written", "cells"), NOTATIONS)
def test_numbers_are_read_in_the_notation_that_the_toml_states(written, cells, engine_name: str):
    assert read(list(cells), "number", engine_name, **written) == list(cells.values())


@every_engine
def test_usual_null_words_are_missing_except_among_words(engine_name: str):
    words = ["NA", "n/a", " null ", "NaN", "None", "-", "#N/A", "欠損", "不明"]

    for kind in ("id", "number", "integer", "time", "date", "boolean"):
        table = read_with_errors(words, kind, engine_name, TOKYO, None)
        assert (table["value"].null_count, any(table["unreadable"].to_pylist())) == (len(words), False)
    assert read(["NA", " SE "], "text", engine_name) == ["NA", "SE"]
    assert read(["NA", "x"], "id", engine_name, null_values=()) == ["NA", "x"]
    assert read(["?", "x", "old 3"], "text", engine_name, null_values=("?",), null_prefixes=("old",)) == [
        None,
        "x",
        None,
    ]
    assert read([99.0, 1.5], "number", engine_name, null_values=("99",)) == [None, 1.5]


@every_engine
def test_a_month_is_the_first_of_its_days_where_a_day_is_wanted(engine_name: str):
    cells = {"2026-03": date(2026, 3, 1), "2026/3": date(2026, 3, 1), "202603": date(2026, 3, 1),
             "2026年3月": date(2026, 3, 1), "2026-03-31": date(2026, 3, 31), "2026-13": None}  # fmt: skip

    assert read(list(cells), "date", engine_name) == list(cells.values())


@every_engine
def test_a_day_without_a_time_is_not_shifted_between_zones(engine_name: str):
    clock = Clock("UTC", "America/New_York")

    assert read(["2026-03-01", "2026-03-01 00:00"], "time", engine_name, clock) == [
        datetime(2026, 3, 1),
        datetime(2026, 2, 28, 19),
    ]


@every_engine
def test_text_that_is_no_number_is_unreadable_and_an_empty_one_is_missing(engine_name: str):
    assert unreadable(["12", "abc", "", "  ", None], "number", engine_name) == [False, True, False, False, False]


@every_engine
def test_integers_become_ids_of_plain_digits(engine_name: str):
    assert read([17850.0, None, 3.0], "id", engine_name) == ["17850", None, "3"]
    assert read([17850, None], "id", engine_name) == ["17850", None]
    assert read(["007", " x ", ""], "id", engine_name) == ["007", "x", None]


@every_engine
def test_ids_of_numbers_are_exact_or_refused(engine_name: str):
    long = Decimal("72000000000000000012345678901234567890")
    exact = read([long, Decimal(7), None], "id", engine_name, stored_as=pa.decimal128(38, 0))
    cents = read([Decimal("7.00"), Decimal("7.50")], "id", engine_name, stored_as=pa.decimal128(10, 2))

    assert (exact, cents) == ([str(long), "7", None], ["7", None])
    assert read([2.0**53 - 1, 2.0**53], "id", engine_name) == [str(2**53 - 1), None]
    assert unreadable([2.0**53 - 1, 2.0**53, None, float("nan")], "id", engine_name) == [False, True, False, False]


def read_amounts(cells: list[str], engine_name: str, currency: Any) -> list[Any]:
    table = store_cells(cells, engine_name)
    own: Any = currency(table) if callable(currency) else currency
    bench = Workbench(table, TOKYO, currency=own)
    reading = read_column([table.cell], bench, written=ValueFormat(), kind="number")
    is_foreign, fault = reading.other_faults[0]
    assert fault == "in another currency"
    rows = bench.select("n", value=reading.value, is_foreign=is_foreign).order_by("n").to_pyarrow()
    return ["foreign" if row["is_foreign"] else row["value"] for row in rows.to_pylist()]


@every_engine
def test_an_amount_with_the_mark_of_another_currency_is_no_amount(engine_name: str):
    cells = ["$10.00", "€10", "¥1,000", "£10.00", "GBP 10", "10 eur", "10", "10 kg", "(£10)", "Rs. 10"]

    pounds = read_amounts(cells, engine_name, "GBP")
    by_row = read_amounts(["$10", "€10"], engine_name, lambda table: ibis.ifelse(table.n == 0, "CAD", "CAD"))

    assert pounds == ["foreign", "foreign", "foreign", 10, 10, "foreign", 10, None, -10, "foreign"]
    assert by_row == [10, "foreign"]


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


OLD = {"customer_id": "old", "event_time": "2020-01-01", "event": "visit"}


def span(began: str, ended: str | None, mrr: float = 10.0, **more: Any) -> dict[str, Any]:
    usual = {"customer_id": "ada", "subscription_id": "s1", "plan": "pro"}
    return {**usual, "mrr": mrr, "started_at": began, "ended_at": ended, **more}


def ticket(opened: str, closed: str | None, answered: str | None = None, **more: Any) -> dict[str, Any]:
    usual = {"customer_id": "ada", "ticket_id": "t1", "topic": "bill"}
    return {**usual, "opened_at": opened, "closed_at": closed, "first_answered_at": answered, **more}


def answer(kind: str, score: float | None) -> dict[str, Any]:
    return {"customer_id": "ada", "event_time": "2024-03-01", "kind": kind, "score": score}


def world(engine_name: str = "duckdb", settings: Any = None, **frames: pa.Table) -> Tables:
    return shop(usage=frames.pop("usage", frame(OLD)), settings=settings, backend=engine(engine_name), **frames)


CONTRADICTORY = [
    ("subscriptions", span("2024-02-01", "2024-01-01"), "ended_at: before started_at", "s1"),
    ("usage", {**OLD, "customer_id": "ada", "errors": -1}, "errors: below zero", "ada"),
    ("tickets", ticket("2024-02-02", "2024-02-01"), "closed_at: before opened_at", "t1"),
    ("tickets", ticket("2024-02-02", None, "2024-02-01"), "first_answered_at: before opened_at", "t1"),
    ("surveys", answer("NPS", 11.0), "score: no NPS of 0 to 10", "ada"),
    ("surveys", answer("csat", 6.0), "score: not on the csat_scale", "ada"),
]
VALID = {
    "usage": {**OLD, "errors": 0},
    "subscriptions": span("2023-01-01", "2023-01-01", 0.0, subscription_id="s2"),
    "tickets": ticket("2023-01-01", "2023-01-01", "2023-01-01", ticket_id="t2"),
    "surveys": answer("nps", None),
}


@every_engine
@pytest.mark.parametrize(("table", "row", "reason", "example"), CONTRADICTORY)
def test_a_contradictory_row_is_excluded_with_its_reason_and_an_example(engine_name, table, row, reason, example):
    tables = world(engine_name, **{table: frame(row, VALID[table])})

    report = tables.load_report(table)

    assert (report.excluded, report.examples, report.n_usable) == ({reason: 1}, {reason: example}, 1)
    assert tables.latest()[table].count().to_pyarrow().as_py() == 1


def test_the_toml_may_set_another_csat_scale():
    tables = world(settings=config(csat_scale=(0.0, 100.0)), surveys=frame(answer("csat", 6.0), answer("csat", 101.0)))

    assert tables.load_report("surveys").excluded == {"score: not on the csat_scale": 1}


def membership(who: str, account: str, since: str | None = None) -> dict[str, Any]:
    return {"customer_id": who, "account_id": account, **({"valid_from": since} if since else {})}


@every_engine
def test_a_person_in_two_accounts_at_once_counts_for_neither(engine_name):
    used = [{**OLD, "customer_id": who, "event_time": "2024-03-01"} for who in ("ada", "bo")]
    people = frame(membership("ada", "acme"), membership("bo", "acme"), membership("bo", "zeta"))
    tables = world(engine_name, config(customer="account"), usage=frame(OLD, *used), customers=people)

    features = features_at(tables, "acme", "bo", "zeta")

    assert features.column("usage_events_30d").tolist() == [1, 0, 0]
    assert tables.load_report("customers").excluded == {"account_id: of two accounts at once": 2}
    assert tables.load_report("customers").examples["account_id: of two accounts at once"] == "bo"


def test_a_person_stays_in_the_earlier_account_until_the_new_one_is_certain():
    people = frame(
        membership("bo", "acme", "2023-01-01"),
        membership("bo", "acme", "2024-02-01"),
        membership("bo", "zeta", "2024-02-01"),
    )
    used = {**OLD, "customer_id": "bo", "event_time": "2024-03-01"}
    tables = world(settings=config(customer="account"), usage=frame(OLD, used), customers=people)

    assert features_at(tables, "acme", "zeta").column("usage_events_30d").tolist() == [1, 0]


def test_a_csat_scale_with_its_bounds_swapped_is_an_error():
    with pytest.raises((ConfigError, ValueError), match="lowest score and then the highest"):
        config(csat_scale=(5.0, 1.0))
