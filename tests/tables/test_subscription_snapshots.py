"""Monthly snapshots of subscriptions are spans: a price for each month, and an end where a month has no row."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.config.sources import TableSource
from core.errors import ConfigError
from insights.finance.loading import ExcludedRows, load_spans
from insights.finance.money import Money
from insights.finance.mrr import MrrTable, months_between
from tables.sources.opening import open_tables
from tables.tables import Tables
from tests.engines import engine, every_engine
from tests.worlds import config, frame, purchase_log, shop

CUSTOMERS = ("ada", "bo", "cyd")
N_MONTHS = 7
MONTH_ENDS = months_between(np.datetime64("2024-02"), np.datetime64("2024-08"))
Prices = list[list[float]]
"By customer and month; 0 for a month without a snapshot."
PRICES = st.lists(
    st.lists(st.sampled_from([0.0, 0.0, 20.0, 50.0]), min_size=N_MONTHS, max_size=N_MONTHS), min_size=3, max_size=3
)
DAYS = st.sampled_from(["first", "last", 15])


def day_of(month: int, written: str | int) -> datetime:
    """The day of a month's snapshot."""
    day = {"first": 1, "last": monthrange(2024, month)[1]}.get(str(written), written)
    return datetime(2024, month, int(day))


def snapshots(prices: Prices, written: str | int = "first", *, until: date = date(2030, 1, 1)) -> list[dict[str, Any]]:
    """The rows that were made before a day; rae has one in every month."""
    everyone = {**dict(zip(CUSTOMERS, prices, strict=True)), "rae": [10.0] * N_MONTHS}
    return [
        {"customer_id": name, "subscription_id": name, "plan": "pro", "mrr": price, "started_at": moment}
        for name, of_months in everyone.items()
        for month, price in enumerate(of_months, start=1)
        if price and (moment := day_of(month, written)).date() < until
    ]


def world(rows: Sequence[dict[str, Any]], engine_name: str = "duckdb") -> Tables:
    source = TableSource(path="t.csv", monthly_snapshots=True)
    return shop(
        settings=config(tables={"subscriptions": source}), backend=engine(engine_name), subscriptions=frame(*rows)
    )


def spans_of(tables: Tables, cutoff: date) -> list[tuple[object, ...]]:
    """Customer, price, start and end of each span that is known at a cutoff."""
    rows = tables.at(cutoff)["subscriptions"].order_by("customer_id", "started_at").to_pyarrow().to_pylist()
    return [(row["customer_id"], row["mrr"], row["started_at"], row["ended_at"]) for row in rows]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(prices=PRICES, written=DAYS)
def test_the_mrr_of_each_month_is_that_of_its_snapshots(prices: Prices, written: str | int):
    tables = world(snapshots(prices, written))

    spans = load_spans(tables, ExcludedRows(), cutoff=date(2024, 8, 1)).shift_by_one_day()
    mrr = MrrTable.of(spans, MONTH_ENDS, money=Money("JPY"))

    by_customer = dict(zip(mrr.customer_ids.tolist(), mrr.units.tolist(), strict=True))
    paid = {name: of_months for name, of_months in zip(CUSTOMERS, prices, strict=True) if any(of_months)}
    assert by_customer == {**paid, "rae": [10.0] * N_MONTHS}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(prices=PRICES, written=DAYS, n_days=st.integers(40, 200))
def test_later_snapshots_change_nothing_that_was_known_at_a_cutoff(prices: Prices, written: str | int, n_days: int):
    cutoff = date(2024, 1, 1) + timedelta(days=n_days)

    whole = spans_of(world(snapshots(prices, written)), cutoff)

    assert whole == spans_of(world(snapshots(prices, written, until=cutoff)), cutoff)


@every_engine
def test_a_missing_month_is_an_end_and_the_last_month_is_open(engine_name: str):
    tables = world(snapshots([[20, 20, 0, 20, 50, 0, 0], [0] * 7, [0, 0, 0, 0, 0, 0, 30]]), engine_name)

    spans = spans_of(tables, date(2024, 8, 1))

    assert spans == [
        ("ada", 20, datetime(2024, 1, 1), datetime(2024, 3, 1)),
        ("ada", 20, datetime(2024, 4, 1), datetime(2024, 5, 1)),
        ("ada", 50, datetime(2024, 5, 1), datetime(2024, 6, 1)),
        ("cyd", 30, datetime(2024, 7, 1), None),
        ("rae", 10, datetime(2024, 1, 1), None),
    ]


def test_a_month_without_any_snapshot_is_a_lost_file_and_a_mistyped_day_no_snapshot_of_its_own():
    rows = [row for row in snapshots([[20] * 7] * 3) if row["started_at"].month != 4]
    rows[1] = {**rows[1], "started_at": datetime(2024, 2, 17)}

    assert {span[2:] for span in spans_of(world(rows), date(2024, 8, 1))} == {(datetime(2024, 1, 1), None)}


def test_plans_of_one_month_add_up():
    rows = [{**row, "plan": plan} for row in snapshots([[20] * 7, [0] * 7, [0] * 7]) for plan in ("pro", "support")]

    spans = spans_of(world(rows), date(2024, 8, 1))

    assert [(name, price) for name, price, _, end in spans if end is None] == [("ada", 20)] * 2 + [("rae", 10)] * 2


def test_an_end_that_a_snapshot_names_itself_counts():
    rows = [{**row, "ended_at": None} for row in snapshots([[20] * 7] * 3)]
    rows[6] = {**rows[6], "ended_at": datetime(2024, 7, 20)}

    assert spans_of(world(rows), date(2024, 8, 1))[0] == ("ada", 20, datetime(2024, 1, 1), datetime(2024, 7, 20))


MONTHS_WRITTEN = {
    "text": ([f"2024-{month:02d}" for month in range(1, 8)], {}),
    "Japanese": ([f"2024年{month}月" for month in range(1, 8)], {}),
    "number": ([202400 + month for month in range(1, 8)], {}),
    "day": ([date(2024, month, 1) for month in range(1, 8)], {}),
    "name": ([f"{date(2024, month, 1):%b %Y}" for month in range(1, 8)], {"date_format": "%b %Y"}),
}


@pytest.mark.parametrize("written", MONTHS_WRITTEN)
def test_the_month_may_be_written_in_any_way_and_its_record_goes_to_its_end(tmp_path: Path, written: str):
    months, more = MONTHS_WRITTEN[written]
    columns = {"customer_id": ["ada"] * 7, "plan": ["pro"] * 7, "mrr": [5.0] * 7, "month": months}
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    source = TableSource(
        path=str(tmp_path / "t.parquet"), monthly_snapshots=True, **more,
        columns={"subscription_id": "customer_id", "started_at": "month"},
    )  # fmt: skip
    settings_of_firm = config(tables={"subscriptions": source})

    watermarks = [
        open_tables(settings_of_firm, today=today).watermark("subscriptions")
        for today in (date(2024, 12, 1), date(2024, 8, 1), date(2024, 7, 20))
    ]

    assert watermarks == [date(2024, 8, 1), date(2024, 8, 1), date(2024, 7, 1)]
    rows = open_tables(settings_of_firm)["subscriptions"].order_by("started_at").to_pyarrow().to_pylist()
    assert [row["started_at"] for row in rows] == [datetime(2024, month, 1) for month in range(1, 8)]


def test_a_word_that_is_no_month_is_excluded_with_its_row(tmp_path: Path):
    lines = ["customer_id,subscription_id,plan,mrr,started_at"]
    lines += [f"c{n},c{n},pro,5,{'soon' if n == 9 else '2024-03'}" for n in range(40)]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    source = TableSource(path=str(tmp_path / "t.csv"), monthly_snapshots=True)

    report = open_tables(config(tables={"subscriptions": source})).load_report("subscriptions")

    assert [(one.reason, one.value, one.row) for one in report.exclusions] == [
        ("started_at: unreadable time", "soon", 10)
    ]


def test_snapshots_are_for_subscriptions_and_have_no_last_day():
    with pytest.raises(ValueError, match="last_day_included says nothing"):
        TableSource(path="t.csv", monthly_snapshots=True, last_day_included=True)
    with pytest.raises(ConfigError, match=r"\[tables\.purchases\]: monthly_snapshots is for subscriptions"):
        shop(
            settings=config(tables={"purchases": TableSource(path="t.csv", monthly_snapshots=True)}),
            purchases=purchase_log("ada 2024-03-01"),
        )
