"""Small tables are cleaned once, large ones in each query: the rows are the same."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tables import building
from tables.tables import Tables
from tests.worlds import shop


def open_shop() -> Tables:
    return shop(
        purchases=pa.table(
            {
                "customer_id": [" ada", "bo", None, "bo"],
                "order_id": ["1", "2", "3", "2"],
                "item_id": ["tea", "jam", "tea", "jam"],
                "event_time": ["2026-03-01", "not a day", "2026-03-02", "2026-03-03 10:00"],
                "amount": ["5.0", "7", "1", "x"],
            }
        ),
        customers=pa.table({"customer_id": ["ada", "bo", "bo"], "city": ["Kyoto", "", "Osaka"]}),
    )


@pytest.mark.parametrize("name", ["purchases", "customers"])
def test_a_large_table_has_the_rows_of_a_small_one(name: str, monkeypatch: pytest.MonkeyPatch):
    stored = open_shop()
    monkeypatch.setattr(building, "MAX_STORED_ROWS", 1)
    computed = open_shop()

    for tables in (stored, computed):
        assert tables.conformed[name].rows.count().to_pyarrow().as_py() > 1
    assert rows_of(stored, name) == rows_of(computed, name)
    assert count_views(computed) > count_views(stored)


def rows_of(tables: Tables, name: str) -> list[str]:
    return sorted(str(row) for row in tables.conformed[name].rows.to_pyarrow().to_pylist())


def count_views(tables: Tables) -> int:
    views = tables.backend.con.sql("SELECT view_name FROM duckdb_views() WHERE NOT internal")
    return len(views.fetchall())
