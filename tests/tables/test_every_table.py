"""Laws that every table of the contract keeps; a new table in `tables/contract.py` is tested without a change here."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from tables.building import tables_from_frames
from tables.contract import CONTRACT
from tables.contract_types import Kind, TableContract
from tables.tables import Tables
from tables.trials import TRIAL_END
from tests.engines import engine, every_engine
from tests.worlds import config, frame

CUTOFF = date(2024, 3, 8)
BEFORE, AFTER = datetime(2024, 3, 1), datetime(2024, 3, 8)
VALUES: dict[Kind, Any] = {"id": "x1", "text": "word", "number": 2.5, "integer": 3, "boolean": True}
TYPES: dict[Kind, pa.DataType] = {
    "id": pa.string(),
    "text": pa.string(),
    "number": pa.float64(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "time": pa.timestamp("us"),
    "date": pa.date32(),
}
every_table = pytest.mark.parametrize("table", CONTRACT.values(), ids=CONTRACT)


def full_row(table: TableContract, time: datetime = BEFORE) -> dict[str, Any]:
    """A row with a value in every column; all times and days are `time`."""
    times: dict[Kind, Any] = {"time": time, "date": time.date()}
    return {column.name: {**VALUES, **times}[column.kind] for column in table.columns}


def open_table(table: TableContract, *rows: dict[str, Any], engine_name: str = "duckdb") -> Tables:
    """A data set with these rows, and with usage if the table alone is not enough."""
    columns = {c.name: pa.array([row[c.name] for row in rows], TYPES[c.kind]) for c in table.columns}
    usage = frame({"customer_id": "old", "event_time": "2020-01-01", "event": "login"})
    frames = {"usage": usage} | {table.name: pa.table(columns)}
    return tables_from_frames(config(), frames, backend=engine(engine_name))


def cells(tables: Tables, name: str) -> list[dict[str, Any]]:
    return tables[name].to_pyarrow().to_pylist()


@every_engine
@every_table
def test_a_row_with_every_column_comes_back_unchanged(table: TableContract, engine_name: str):
    tables = open_table(table, full_row(table), engine_name=engine_name)

    assert cells(tables, table.name) == [full_row(table)]
    assert (tables.load_report(table.name).n_usable, tables.load_report(table.name).excluded) == (1, {})


@every_table
def test_a_row_without_a_required_value_is_excluded(table: TableContract):
    for name in table.mandatory_columns:
        tables = open_table(table, full_row(table), {**full_row(table), name: None})

        assert tables.load_report(table.name).excluded == {f"{name}: missing": 1}


@pytest.mark.parametrize("name", [name for name, table in CONTRACT.items() if table.happens_at is not None])
def test_a_row_that_happens_on_the_cutoff_is_unknown_at_it(name: str):
    table = CONTRACT[name]
    rows = (full_row(table), full_row(table, AFTER))

    tables = open_table(table, *rows).at(CUTOFF)

    # Trials are read as rows without a price.
    assert cells(tables, name) == [{column: value for column, value in rows[0].items() if column != TRIAL_END}]


@every_table
def test_a_cell_that_becomes_known_on_the_cutoff_is_missing_at_it(table: TableContract):
    late = {column.name: column.known_at for column in table.columns if column.known_at is not None}
    row = full_row(table) | dict.fromkeys(late.values(), AFTER)

    at_cutoff, after = (open_table(table, row).at(cutoff) for cutoff in (CUTOFF, CUTOFF + timedelta(days=1)))

    for name in late:
        assert [cell_row[name] for cell_row in cells(at_cutoff, table.name)] == [None]
        assert [cell_row[name] for cell_row in cells(after, table.name)] == [row[name]]


@every_table
def test_an_impossible_value_excludes_its_row(table: TableContract):
    wrong = {c.name: c.minimum - 1 for c in table.columns if c.minimum is not None}
    wrong |= {c.name: BEFORE - timedelta(days=1) for c in table.columns if c.not_before is not None}

    for name, value in wrong.items():
        report = open_table(table, full_row(table), {**full_row(table), name: value}).load_report(table.name)

        assert (report.n_usable, [reason.partition(":")[0] for reason in report.excluded]) == (1, [name])
