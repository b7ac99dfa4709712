"""A column is read in the one way that fits all of its values; where two fit, it is not guessed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest

from core.errors import DataError
from tables.cleaning.suggestions import suggest_setting
from tables.sources.opening import refuse_unusable
from tables.tables import Tables
from tests.engines import engine, every_engine
from tests.worlds import shop


def world(engine_name: str = "duckdb", **columns: list[Any]) -> Tables:
    n = len(next(iter(columns.values())))
    usual = {"customer_id": ["ada"] * n, "event_time": ["2026-01-10"] * n, "amount": ["10"] * n}
    return shop(purchases=pa.table(usual | columns), backend=engine(engine_name))


def values(tables: Tables, column: str) -> list[Any]:
    return sorted(tables["purchases"][column].to_pyarrow().to_pylist())


DATES = [
    (["10/01/2026", "25/03/2026 09:30"], [datetime(2026, 1, 10), datetime(2026, 3, 25, 9, 30)], "day first: 1 of 2"),
    (["10.01.2026", "1-31-2026"], [datetime(2026, 1, 31), datetime(2026, 10, 1)], "month first: 1 of 2"),
]


@every_engine
@pytest.mark.parametrize(("cells", "expected", "note"), DATES)
def test_one_date_decides_the_order_of_the_others(cells, expected, note, engine_name):
    tables = world(engine_name, event_time=cells)

    assert values(tables, "event_time") == expected
    assert note in str(tables.load_report("purchases").notes[0].text)


@pytest.mark.parametrize("cells", [["10/01/2026", "11/02/2026"], ["25/03/2026", "03/25/2026", "10/01/2026"]])
def test_dates_that_could_be_two_or_contradict_each_other_are_not_guessed(cells):
    tables = world(event_time=cells)

    assert tables.load_report("purchases").n_usable == 0
    with pytest.raises(DataError, match=r"purchases.event_time: .* no time, e.g. '.*\(row|set date_format"):
        refuse_unusable(tables.load_report("purchases"))


NUMBERS = [
    (["1.250,00", "980"], [980, 1250]),
    (["1.250.000", "1.250"], [1250, 1250000]),
    (["12,5", "1.250"], [12.5, 1250]),
    (["1,250", "980"], [980, 1250]),
    (["1.250", "0.5"], [0.5, 1.25]),
    (["1,250.5", "1,250"], [1250, 1250.5]),
]


@every_engine
@pytest.mark.parametrize(("cells", "expected"), NUMBERS)
def test_one_number_decides_the_decimal_mark_of_the_others(cells, expected, engine_name):
    assert values(world(engine_name, amount=cells), "amount") == expected


def test_dots_before_three_digits_only_are_a_question():
    with pytest.raises(
        DataError, match=r"purchases.amount: 2 values such as '1.250' could be two .*thousands = \"\.\""
    ):
        world(amount=["1.250", "980", "2.100"])


def test_commas_before_three_digits_are_a_question_where_the_table_has_decimal_commas():
    with pytest.raises(DataError, match=r"purchases.quantity: 1 values such as '2,500'.* decimal = \",\""):
        world(amount=["12,50", "3,10"], quantity=["2,500", "1"])


def test_null_words_among_ids_are_counted():
    (note,) = world(customer_id=["NULL", "ada", "null"]).load_report("purchases").notes

    assert (note.column, str(note.text)) == ("customer_id", "2 values such as 'NULL' mean missing")


SUGGESTIONS = {
    "10/01/2026": "it could be two dates; set date_format = \"day_first\" or \"month_first\"",
    "15.07.2025 15:41": 'set date_format = "day_first"',
    "07/15/2025": 'set date_format = "month_first"',
    "15.07.25": 'it could be several dates; set date_format = "day_first", "month_first" or "year_first"',
    "1767225600": 'if it counts from 1970, set date_format = "epoch_seconds"',
    "1.7E+09": 'if it counts from 1970, set date_format = "epoch_seconds"',
    "1,70000E+12": 'if it counts from 1970, set date_format = "epoch_milliseconds"',
    "45717.5": 'if it counts days as spreadsheets do, set date_format = "spreadsheet_days"',
    "10 Jan 2026 09:30": 'set date_format = "%d %b %Y %H:%M"',
    "March 1, 2026": 'set date_format = "%B %d, %Y"',
    "2026-03": "a month has no day or time; name a column with one",
    "2026-99": 'set date_format to a pattern such as "%d.%m.%Y %H:%M"',
    "27/02/2024 75.69": 'set date_format to a pattern such as "%d.%m.%Y %H:%M"',
    "Q1 2026": 'set date_format to a pattern such as "%d.%m.%Y %H:%M"',
    "1. März 2026": 'set date_format = "%d. %B %Y"',
    "1 de março de 2026": 'set date_format = "%d de %B de %Y"',
    "04-05-2026 16.34": 'it could be two dates; set date_format = "day_first" or "month_first"',
    "soon": "name another column under [tables.x], or list the values that mean missing in null_values",
}  # fmt: skip


@pytest.mark.parametrize("value", SUGGESTIONS)
def test_an_unreadable_time_names_the_setting_that_reads_it(value: str):
    assert suggest_setting(value, "time", section="[tables.x]") == SUGGESTIONS[value]


@pytest.mark.parametrize(
    ("value", "date_format", "pattern"),
    [
        ("01.03.2026 12:30:05+09:00", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S%z"),
        ("2026-03-01 12:30 +0900", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M %z"),
        ("01.03.2026 12:30:05Z", "%d.%m.%Y", "%d.%m.%Y %H:%M:%S%z"),
        ("01.03.2026 123005+0900", "%d.%m.%Y %T", "%d.%m.%Y %H%M%S%z"),
        ("01.03.2026 12:30:05.25", "%d.%m.%Y %R", "%d.%m.%Y %R:%S.%f"),
    ],
)
def test_a_stated_pattern_is_mended_at_its_end(value: str, date_format: str, pattern: str):
    suggestion = suggest_setting(value, "time", section="[tables.x]", clock="time", date_format=date_format)

    assert suggestion == f'set date_format = "{pattern}"'


@pytest.mark.parametrize(
    ("value", "setting"),
    [
        ("12,50", 'set decimal = ","'),
        ("12.50", 'set decimal = "."'),
        ("¥1,234.50", 'decimal = "." and thousands = ","'),
        ("1.234,50 €", 'decimal = "," and thousands = "."'),
        ("1.234.567", 'thousands = "."'),
        ("1'234", "thousands = \"'\""),
        ("1:20", 'if it is a duration, set duration = "h:mm"'), ("1h 20m", 'duration = "h:mm" or "m:ss"'),
        ("1 234,50", 'thousands = " "'), ("12.50 x two", "name another column"), ("free", "name another column"),
    ],
)  # fmt: skip
def test_an_unreadable_number_names_the_setting_that_reads_it(value: str, setting: str):
    assert setting in suggest_setting(value, "number", section="[tables.x]")
