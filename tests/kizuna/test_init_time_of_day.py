"""Days and times of day in two columns: `kizuna init` finds the pair, and joins nothing that is none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.kizuna.exports import discover, purchases, write

pytestmark = pytest.mark.usefixtures("folder")

MOMENTS = [datetime(2025, 1, 13, 9, 5) + n * timedelta(hours=31, minutes=7) for n in range(150)]


def export(names: tuple[str, str], written: tuple[str, str], more: str = "", more_name: str = "") -> str:
    """Orders with days and times of day under these names, and perhaps a further column."""
    lines = [f"customer_id,{names[0]},{names[1]},amount{more_name}"]
    lines += [f"c{n % 20},{one:{written[0]}},{one:{written[1]}},5.50{more}" for n, one in enumerate(MOMENTS)]
    return write("orders.csv", lines)


@pytest.mark.parametrize(
    ("names", "written"),
    [
        (("date", "time"), ("%Y-%m-%d", "%H:%M")),
        (("order_date", "order_time"), ("%d/%m/%Y", "%H:%M")),
        (("InvoiceDate", "InvoiceTime"), ("%Y-%m-%d 00:00:00", "%I:%M %p")),
        (("購入日", "購入時刻"), ("%Y年%m月%d日", "%H時%M分")),
        (("Bestelldatum", "Uhrzeit"), ("%d.%m.%Y", "%H:%M")),
        (("Order Date", "Time"), ("%d %b %Y", "%H:%M")),
        (("transaction_date", "trans_time"), ("%Y%m%d", "%H:%M:%S")),
        (("TRANS_DATE", "TRANS_TIME"), ("%Y%m%d", "%-H%M")),
        (("order_date", "order_time"), ("%d.%m.%Y", "%H%M")),
        (("売上日", "売上時刻"), ("%Y/%m/%d", "%H%M%S")),
        (("date", "time"), ("%d %b %Y", "%-H%M")),
        (("Belegdatum", "Belegzeit"), ("%d.%m.%Y", "%H.%M")),
        (("Datum", "Uhrzeit"), ("%d.%m.%y", "%H.%M Uhr")),
        (("date_achat", "heure_achat"), ("%d/%m/%Y", "%Hh%M")),
    ],
)
def test_a_day_and_its_time_are_one_moment(names: tuple[str, str], written: tuple[str, str]):
    toml = discover(export(names, written))

    column = toml["tables"]["purchases"]["columns"]["event_time"]
    assert (column["column"], column["time_of_day"]) == names
    assert f"its time of day is in {names[1]}" in " ".join(Path("kizuna.toml").read_text(encoding="utf-8").split())
    assert sorted(row["event_time"] for row in purchases()) == MOMENTS


@pytest.mark.parametrize(("written", "name"), [("%-H%M", "time"), ("%-H", "hour")])
@pytest.mark.parametrize("as_type", [int, float])
def test_numbers_of_parquet_are_times_of_day(written: str, name: str, as_type: type):
    columns = {"date": [one.date() for one in MOMENTS], name: [as_type(one.strftime(written)) for one in MOMENTS]}
    ids = {"customer_id": [f"c{n % 20}" for n, _ in enumerate(MOMENTS)], "amount": [5.5] * len(MOMENTS)}
    pq.write_table(pa.table({**ids, **columns}), "orders.parquet")

    toml = discover("orders.parquet")

    assert toml["tables"]["purchases"]["columns"]["event_time"] == {"column": "date", "time_of_day": name}
    assert sorted(row["event_time"] for row in purchases()) == [
        one.replace(minute=0) if name == "hour" else one for one in MOMENTS
    ]


@pytest.mark.parametrize("name", ["delivery_minutes", "points", "order_number", "processing_time"])
def test_digits_under_another_name_are_no_times_of_day(name: str):
    toml = discover(export(("order_date", name), ("%Y-%m-%d", "%-H%M")))

    assert toml["tables"]["purchases"]["columns"].get("event_time", "order_date") == "order_date"


def test_days_and_times_of_parquet_are_one_moment():
    days, clocks = pa.array([one.date() for one in MOMENTS]), pa.array([one.time() for one in MOMENTS], pa.time64("us"))
    ids = [f"c{n % 20}" for n, _ in enumerate(MOMENTS)]
    pq.write_table(pa.table({"customer_id": ids, "date": days, "time": clocks, "amount": 5.5 * pd.Series([1] * 150)}),
                   "orders.parquet")  # fmt: skip

    toml = discover("orders.parquet")

    assert toml["tables"]["purchases"]["columns"]["event_time"] == {"column": "date", "time_of_day": "time"}
    assert sorted(row["event_time"] for row in purchases()) == MOMENTS


def serial(moment: datetime) -> float:
    return (moment - datetime(1899, 12, 30)) / timedelta(days=1)


def test_days_and_times_of_a_spreadsheet_are_one_moment():
    lines = ["customer_id,Order Date,Order Time,amount"]
    numbers = [divmod(serial(one), 1) for one in MOMENTS]
    write("orders.csv", lines + [f"c{n % 20},{day:.0f},{part:.6f},5.50" for n, (day, part) in enumerate(numbers)])

    toml = discover("orders.csv")

    assert toml["tables"]["purchases"]["columns"]["event_time"] == {
        "column": "Order Date",
        "time_of_day": "Order Time",
    }
    assert sorted(row["event_time"] for row in purchases()) == MOMENTS


@pytest.mark.parametrize(
    ("names", "days"),
    [
        (("order_date", "delivery_time"), "%Y-%m-%d"),  # of something else
        (("order_date", "order_time"), "%Y-%m-%d %H:%M"),  # the day has a clock of its own
        (("order_date", "order_duration"), "%Y-%m-%d"),  # a duration
    ],
)
def test_another_column_with_times_is_not_joined(names: tuple[str, str], days: str):
    toml = discover(export(names, (days, "%H:%M")))

    assert toml["tables"]["purchases"]["columns"].get("event_time", "order_date") == "order_date"


def days_alone(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0)


@pytest.mark.parametrize(("shorten", "is_joined"), [(days_alone, True), (lambda moment: moment, False)])
def test_stored_moments_are_days_only_where_all_are_at_midnight(
    shorten: Callable[[datetime], datetime], is_joined: bool
):
    ids = [f"c{n % 20}" for n, _ in enumerate(MOMENTS)]
    columns = {"customer_id": ids, "date": [*map(shorten, MOMENTS)], "time": [f"{one:%H:%M}" for one in MOMENTS]}
    pq.write_table(pa.table({**columns, "amount": [5.5] * 150}), "orders.parquet")

    toml = discover("orders.parquet")

    column = toml["tables"]["purchases"]["columns"]["event_time"]
    assert column == ({"column": "date", "time_of_day": "time"} if is_joined else "date")
    assert sorted(row["event_time"] for row in purchases()) == MOMENTS


def test_the_time_of_an_order_is_filled_in_its_later_lines_as_its_day_is():
    lines = ["order_id,customer_id,購入日,購入時刻,sku,amount"]
    for n, one in enumerate(MOMENTS[:60]):
        lines += [f"{n},c{n % 9},{one:%Y-%m-%d},{one:%H:%M},tea,5.50", f"{n},,,,mug,2.50"]

    discover(write("orders.csv", lines))

    assert sorted(row["event_time"] for row in purchases()) == sorted(2 * MOMENTS[:60])
