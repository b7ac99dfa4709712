"""A rule gives the same result in numpy and in a database."""

from __future__ import annotations

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import RuleError
from core.rules.rule import parse_rule
from features.compiler.conditions import rule_expression
from tests.engines import engine, every_engine

NUMBERS = st.none() | st.floats(-3, 3).map(round).map(float) | st.just(float("nan"))
TEXTS = st.sampled_from(["", "UK", "JP", "it's", "日本"]) | st.none()
ROWS = st.lists(st.tuples(NUMBERS, NUMBERS, TEXTS, TEXTS), min_size=1, max_size=8)
NUMBER_SIDES = st.sampled_from(["a", "b", "0", "-1.5", "2", "true"])
TEXT_SIDES = st.sampled_from(["c", "d", "'UK'", "'it''s'", '"日本"'])
TESTS = st.one_of(
    st.tuples(NUMBER_SIDES, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), NUMBER_SIDES).map(" ".join),
    st.tuples(TEXT_SIDES, st.sampled_from(["==", "!="]), TEXT_SIDES).map(" ".join),
    st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["in (0, 1)", "not in [2]"])).map(" ".join),
    st.tuples(st.sampled_from(["c", "d"]), st.sampled_from(["in ('UK', 'JP')", "not in ['UK']"])).map(" ".join),
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["is missing", "is not missing"])).map(" ".join),
)
RULES = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        inner.map(lambda rule: f"not ({rule})"),
        st.lists(inner, min_size=2, max_size=4).map(lambda rules: "(" + " and ".join(rules) + ")"),
        st.lists(inner, min_size=2, max_size=4).map(lambda rules: "(" + " or ".join(rules) + ")"),
    ),
    max_leaves=12,
)


def columns_of(rows: list[tuple]) -> dict[str, np.ndarray]:
    return {name: np.array(values, dtype=object) for name, values in zip("abcd", zip(*rows, strict=True), strict=True)}


def table_of(rows: list[tuple]) -> ibis.Table:
    kinds = [pa.float64(), pa.float64(), pa.string(), pa.string()]
    arrays = [pa.array(values, kind) for values, kind in zip(zip(*rows, strict=True), kinds, strict=True)]
    return ibis.memtable(pa.table([pa.array(range(len(rows))), *arrays], names=["row", *"abcd"]))


def evaluate_in(backend, rule, table: ibis.Table) -> list[bool]:
    result = table.select("row", holds=rule_expression(rule, table)).order_by("row")
    return backend.to_pyarrow(result)["holds"].to_pylist()


@every_engine
def test_numpy_and_the_database_agree(engine_name):
    backend = engine(engine_name)

    @settings(max_examples=100, deadline=None)
    @given(text=RULES, rows=ROWS)
    def agree(text, rows):
        rule = parse_rule(text)
        assert evaluate_in(backend, rule, table_of(rows)) == rule.evaluate(columns_of(rows)).tolist()

    agree()


def test_the_longest_allowed_rule_runs_in_the_database():
    text = "a in (" + ",".join(["0"] * 1_900) + ")" + " or a > 1" * 20
    rows = [(0.0, None, None, None), (None, None, None, None)]

    assert evaluate_in(ibis.duckdb.connect(), parse_rule(text), table_of(rows)) == [True, False]


def test_whole_numbers_and_flags_compare_as_numbers():
    table = ibis.memtable(pa.table({"n": [1, 2], "flag": [True, False]}))

    assert evaluate_in_order(table, "n > 1.5 or flag == true") == [True, True]
    assert evaluate_in_order(table, "flag == true") == [True, False]


def evaluate_in_order(table: ibis.Table, text: str) -> list[bool]:
    result = table.select(holds=rule_expression(parse_rule(text), table))
    return ibis.duckdb.connect().to_pyarrow(result)["holds"].to_pylist()


def test_comparisons_with_a_column_of_nulls_are_unknown():
    table = ibis.memtable(pa.table({"x": pa.nulls(2)}))

    assert evaluate_in_order(table, "x == 1 or x == 'a'") == [False, False]
    assert evaluate_in_order(table, "x is missing") == [True, True]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a == 'UK'", "put quotes around texts"),
        ("c < 'UK'", "orders texts"),
        ("at > 3", "compares a time"),
        ("b2 > 1", "did you mean 'b'"),
    ],
)
def test_values_that_cannot_be_compared_are_reported(text, message):
    table = ibis.table({"a": "float64", "b": "int64", "c": "string", "at": "timestamp"}, name="t")

    with pytest.raises(RuleError, match=message):
        rule_expression(parse_rule(text), table)
