"""Lines of a DuckDB file look up the day and time of their order: cleaned in place, they took minutes to plan."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb

from core.config.lookup import Lookup
from core.config.sources import ColumnSource, TableSource
from tables.sources.opening import open_tables
from tests.worlds import config


def test_day_and_time_that_lines_look_up_are_one_moment(tmp_path: Path):
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as shop:
        shop.execute("CREATE TABLE orders AS SELECT 'o1' AS id, 'ada' AS customer_id, '2026-03-13' AS d, '18:30' AS t")
        shop.execute("CREATE TABLE lines AS SELECT 'o1' AS id, unnest(['tea', 'mug']) AS item_id, 5.0 AS amount")
    source = TableSource(
        database=f"duckdb://{tmp_path}/shop.duckdb",
        table="lines",
        lookup=Lookup(table="orders", on="id"),
        columns={"event_time": ColumnSource(column="d", time_of_day="t")},
    )

    rows = open_tables(config(tables={"purchases": source}))["purchases"].to_pyarrow().to_pylist()

    assert sorted((row["item_id"], row["customer_id"], row["event_time"]) for row in rows) == [
        ("mug", "ada", datetime(2026, 3, 13, 18, 30)),
        ("tea", "ada", datetime(2026, 3, 13, 18, 30)),
    ]
