"""Laws that every kind of source keeps; a new file in `tables/sources` is tested without a change here."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from importlib import import_module
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.ids import canonical_id
from tables.sources.opening import open_tables
from tables.sources.protocol import SOURCES, Location, find_source
from tables.tables import Tables
from tests.tables.sources.test_parquet import store_in_parquet
from tests.worlds import config, frame, purchase_log


def writers_of(source: str) -> Mapping[str, Any]:
    """The writers that the test file of a source defines, by name."""
    return import_module(f"tests.tables.sources.test_{source}").WRITERS


EVERY_WRITER = {f"{source}-{name}": (source, write) for source in SOURCES for name, write in writers_of(source).items()}
every_writer = pytest.mark.parametrize(("source", "write"), EVERY_WRITER.values(), ids=EVERY_WRITER)

ids = (
    st.text("abc絆店 \"',;\n-0123456789", min_size=1, max_size=9).map(canonical_id).filter(lambda text: text.strip("-"))
)
times = st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1)).map(lambda time: time.replace(microsecond=0))
purchases = st.fixed_dictionaries(
    {
        "customer_id": ids,
        "event_time": times,
        "amount": st.integers(-(10**9), 10**9).map(lambda cents: cents / 100),
        "item_id": st.none() | ids,
        "quantity": st.none() | st.integers(-5, 99).map(float),
    }
)
PURCHASES = {
    "customer_id": pa.string(),
    "event_time": pa.timestamp("us"),
    "amount": pa.float64(),
    "item_id": pa.string(),
    "quantity": pa.float64(),
}
SMALL_SET = {
    "purchases": purchase_log("ada 2024-03-01 item_id=tea", "bo 2024-03-02T18:30 -12.5 item_id=mug"),
    "usage": frame({"customer_id": "ada", "event_time": "2024-03-01T09:00", "event": "login", "errors": 0}),
    "subscriptions": frame(
        {"customer_id": "ada", "subscription_id": "s1", "plan": "max", "mrr": 9.5, "started_at": "2024-01-01",
         "ended_at": "2024-03-31"},
        {"customer_id": "bo", "subscription_id": "s2", "plan": "mini", "mrr": 4.0, "started_at": "2024-02-01",
         "ended_at": None},
    ),
    "items": frame({"item_id": "tea", "category": "drinks", "available": True}, {"item_id": "mug", "available": False}),
}  # fmt: skip


@contextmanager
def opening(sources: Mapping[str, Any]) -> Iterator[Tables]:
    tables = open_tables(config(tables=dict(sources)))
    yield tables
    tables.backend.disconnect()


def contents(table: pa.Table) -> list[str]:
    """The rows as sorted texts, so that neither the order of rows nor that of columns counts."""
    names = sorted(table.column_names)
    return sorted(str([row[name] for name in names]) for row in table.to_pylist())


@every_writer
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(purchases, min_size=1, max_size=8))
def test_any_purchases_come_back_unchanged(source, write, rows):
    table = pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in PURCHASES.items()})

    with write({"purchases": table}) as stored, opening(stored) as tables:
        assert contents(tables["purchases"].to_pyarrow()) == contents(table)


@every_writer
def test_a_small_set_of_tables_comes_back_unchanged(source, write):
    with write(SMALL_SET) as stored, opening(stored) as tables:
        assert {name: contents(tables[name].to_pyarrow()) for name in tables.names} == {
            name: contents(table) for name, table in SMALL_SET.items()
        }


@every_writer
def test_tables_of_different_sources_are_joined_in_one_engine(source, write):
    purchases, items = ({name: SMALL_SET[name]} for name in ("purchases", "items"))

    with write(purchases) as sold, store_in_parquet(items) as listed, opening({**sold, **listed}) as tables:
        joined = tables["purchases"].join(tables["items"], "item_id")

        assert joined.count().to_pyarrow().as_py() == 2


@every_writer
def test_exactly_one_source_accepts_a_table(source, write):
    with write({"purchases": SMALL_SET["purchases"]}) as stored:
        location = Location("purchases", stored["purchases"])

        assert [name for name in SOURCES if SOURCES[name].accepts(location)] == [source]
        assert find_source(location) is SOURCES[source]


def modules_after(statement: str) -> set[str]:
    """The modules that a new interpreter has imported after a statement."""
    program = f"{statement}; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_listing_the_sources_imports_none_of_them():
    modules = modules_after("from tables.sources.protocol import SOURCES; list(SOURCES)")

    assert {f"tables.sources.{name}" for name in SOURCES}.isdisjoint(modules)


def test_opening_tables_imports_no_rule_parser():
    modules = modules_after("import tables.sources.opening")

    assert [name for name in modules if name.startswith(("core.rules", "features", "models"))] == []
