"""Records ahead of today, or far ahead of all others, are excluded and move no watermark."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest

from tables.cleaning.far_future import first_day_ahead
from tables.sources.opening import open_tables
from tests.engines import engine, every_engine
from tests.tables.sources.test_parquet import store_in_parquet
from tests.worlds import config, purchase_log, shop

MANY = [(day, 10) for day in range(100)]
LINES = [f"ada 2024-0{month}-{day:02d}" for month in (1, 2, 3) for day in range(1, 20)]


@pytest.mark.parametrize(
    ("rows_by_day", "last_day", "first"),
    [
        ([*MANY, (5000, 1)], None, 5000),
        ([*MANY, (5000, 1), (9000, 1), (9100, 1)], None, 5000),
        ([*MANY, (5000, 4)], None, None),
        ([*MANY, (200, 1)], None, None),
        ([(0, 5), (5000, 5)], None, None),
        ([(0, 10), (1000, 10), (1900, 1)], None, None),
        ([*MANY, (101, 1)], 100, 101),
        (MANY, 49, 50),
        ([], 49, None),
        ([*MANY, (5000, 1)], 6000, 5000),
    ],
)
def test_few_records_after_a_gap_longer_than_all_before_are_ahead(rows_by_day, last_day, first):
    assert first_day_ahead(rows_by_day, last_day=last_day) == first


@every_engine
def test_a_record_decades_ahead_moves_no_watermark(engine_name):
    tables = shop(*LINES, "bo 2062-05-12", backend=engine(engine_name))

    assert tables.watermark("purchases") == date(2024, 3, 19)
    (excluded,) = tables.load_report("purchases").exclusions
    assert (excluded.reason, excluded.n_rows) == ("event_time: far ahead of all other records", 1)
    assert excluded.example.startswith("'2062-05-12")


def test_records_after_today_are_excluded_with_their_row():
    stored = {"purchases": purchase_log("ada 2024-01-01", "bo 2024-03-05", "bo 2024-03-03")}
    with store_in_parquet(stored) as sources:
        tables = open_tables(config(tables=sources), today=date(2024, 3, 3))
        (excluded,) = tables.load_report("purchases").exclusions

    assert (excluded.reason, excluded.row) == ("event_time: ahead of today", 2)


def test_a_subscription_may_begin_after_today():
    span = {"customer_id": "ada", "subscription_id": "s", "plan": "pro", "mrr": 5.0, "started_at": "2024-04-01"}
    stored = {"purchases": purchase_log("ada 2024-01-01"), "subscriptions": pa.table({k: [v] for k, v in span.items()})}
    with store_in_parquet(stored) as sources:
        tables = open_tables(config(tables=sources), today=date(2024, 3, 3))

        assert tables.load_report("subscriptions").n_usable == 1
