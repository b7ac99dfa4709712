"""A rule means the same in numpy and in a database."""

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


def held_in(backend, rule, table: ibis.Table) -> list[bool]:
    held = table.select("row", holds=rule_expression(rule, table)).order_by("row")
    return backend.to_pyarrow(held)["holds"].to_pylist()


@every_engine
def test_numpy_and_the_database_agree(engine_name):
    backend = engine(engine_name)

    @settings(max_examples=100, deadline=None)
    @given(text=RULES, rows=ROWS)
    def agree(text, rows):
        rule = parse_rule(text)
        assert held_in(backend, rule, table_of(rows)) == rule.evaluate(columns_of(rows)).tolist()

    agree()


def test_a_rule_as_long_as_is_allowed_runs_in_the_database():
    text = "a in (" + ",".join(["0"] * 1_900) + ")" + " or a > 1" * 20
    rows = [(0.0, None, None, None), (None, None, None, None)]

    assert held_in(ibis.duckdb.connect(), parse_rule(text), table_of(rows)) == [True, False]


def test_whole_numbers_and_flags_compare_as_numbers():
    table = ibis.memtable(pa.table({"n": [1, 2], "flag": [True, False]}))

    assert held_in_order(table, "n > 1.5 or flag == true") == [True, True]
    assert held_in_order(table, "flag == true") == [True, False]


def held_in_order(table: ibis.Table, text: str) -> list[bool]:
    held = table.select(holds=rule_expression(parse_rule(text), table))
    return ibis.duckdb.connect().to_pyarrow(held)["holds"].to_pylist()


def test_a_column_that_knows_nothing_makes_every_comparison_unknown():
    table = ibis.memtable(pa.table({"x": pa.nulls(2)}))

    assert held_in_order(table, "x == 1 or x == 'a'") == [False, False]
    assert held_in_order(table, "x is missing") == [True, True]


@pytest.mark.parametrize(
    ("text", "saying"),
    [
        ("a == 'UK'", "put quotes around texts"),
        ("c < 'UK'", "an order of texts"),
        ("at > 3", "compares a time"),
        ("b2 > 1", "did you mean 'b'"),
    ],
)
def test_what_cannot_be_compared_is_said(text, saying):
    table = ibis.table({"a": "float64", "b": "int64", "c": "string", "at": "timestamp"}, name="t")

    with pytest.raises(RuleError, match=saying):
        rule_expression(parse_rule(text), table)
