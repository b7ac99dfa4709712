"""Steps on a workbench are named columns, in as few subqueries as they depend on each other."""

from __future__ import annotations

from functools import reduce
from operator import add

import ibis
import ibis.expr.operations as ops
import pyarrow as pa
import pytest

from tables.cleaning.workbench import Clock, Workbench
from tests.engines import engine, every_engine

N_COLUMNS = 6


def read_chains(engine_name: str, n_columns: int) -> ibis.Table:
    """In each column the number plus 3, in three steps, and the sum of all."""
    numbers = pa.table({f"c{place}": [place, 10 * place] for place in range(n_columns)})
    source = engine(engine_name).create_table(ibis.util.gen_name("numbers"), numbers, temp=True)
    bench = Workbench(source, Clock("UTC", "UTC"))
    values = {}
    for name in source.columns:
        value = source[name]
        for _ in range(3):
            value = bench.step(value + 1)
        values[name] = value
    return bench.select(**values, total=reduce(add, values.values()))


@every_engine
def test_steps_of_one_column_build_on_each_other_and_values_may_use_those_of_all(engine_name: str):
    rows = read_chains(engine_name, 2).order_by("total").to_pyarrow().to_pylist()
    assert rows == [{"c0": 3, "c1": 4, "total": 7}, {"c0": 3, "c1": 13, "total": 16}]


@pytest.mark.parametrize("engine_name", ["duckdb"])
def test_more_columns_take_no_more_subqueries(engine_name: str):
    def count(n_columns: int) -> int:
        return len(read_chains(engine_name, n_columns).op().find(ops.Relation))

    assert count(N_COLUMNS) == count(1)
