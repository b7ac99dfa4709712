"""Declared measures become the same numbers on every engine."""

from __future__ import annotations

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import RuleError
from core.rules.rule import parse_rule
from features.compiler.compiler import Bands, compute_measures, evaluate, rule_expression
from features.compiler.declaration import Aggregate, Carried, Deviation, Difference, Grain, Leader, Measure, Ratio
from tests.engines import engine, every_engine

BASKET = Grain(
    name="basket", table="lines", keys=("basket",), carries=(Carried("worth", "sum", "amount"),), follows=True
)
LINE = Grain(name="line", table="lines")

FACTS = pa.table(
    {
        "position": pa.array([0, 0, 0, 1, 1], pa.int32()),
        "age_days": pa.array([3, 3, 20, 8, 40], pa.int32()),
        "basket": ["a", "a", "b", "c", None],
        "amount": [1.0, 2.0, 5.0, None, -4.0],
    }
)


def compute(measure: Measure, engine_name: str = "duckdb", *, history_days: int = 1000) -> list[float]:
    facts = engine(engine_name).create_table(ibis.util.gen_name("facts"), FACTS, temp=True)
    return compute_measures(facts, [measure], n_customers=3, history_days=history_days)[measure].tolist()


def line(
    aggregate: Aggregate, column: str = "", *, window_days: int | None = None, condition: str | None = None
) -> Measure:
    return Measure(LINE, aggregate, column=column, window_days=window_days, condition=condition)


@every_engine
def test_without_rows_counts_and_sums_are_zero_and_extremes_are_missing(engine_name):
    assert compute(line("count"), engine_name) == [3, 2, 0]
    assert compute(line("count", "amount"), engine_name) == [3, 1, 0]
    assert compute(line("sum", "amount"), engine_name) == [8, -4, 0]
    assert compute(line("magnitude", "amount"), engine_name) == [8, 4, 0]
    assert compute(line("squares", "amount"), engine_name) == [30, 16, 0]
    np.testing.assert_array_equal(compute(line("least", "age_days"), engine_name), [3, 8, np.nan])
    np.testing.assert_array_equal(compute(line("largest", "age_days"), engine_name), [20, 40, np.nan])


@every_engine
def test_a_window_holds_the_ages_up_to_its_days(engine_name):
    assert compute(line("count", window_days=7), engine_name) == [2, 0, 0]
    assert compute(line("count", window_days=8), engine_name) == [2, 1, 0]
    assert compute(line("count", window_days=20), engine_name) == [3, 1, 0]


@every_engine
def test_a_condition_on_a_missing_value_does_not_hold(engine_name):
    assert compute(line("count", condition="amount < 3"), engine_name) == [2, 1, 0]


@every_engine
def test_a_key_counts_once_and_rows_without_a_key_do_not_count(engine_name):
    assert compute(Measure(BASKET, "count"), engine_name) == [2, 1, 0]
    assert compute(Measure(BASKET, "largest", column="worth"), engine_name)[0] == 5


@every_engine
def test_a_gap_is_the_days_since_the_row_before(engine_name):
    assert compute(Measure(BASKET, "sum", column="gap_days"), engine_name) == [17, 0, 0]
    assert compute(Measure(BASKET, "sum", column="gap_days", window_days=2), engine_name) == [0, 0, 0]


def test_a_window_longer_than_the_history_is_missing_not_shortened():
    assert compute(line("count", window_days=30), history_days=30) == [3, 1, 0]
    assert np.isnan(compute(line("count", window_days=30), history_days=29)).all()


def test_windows_are_running_totals_over_the_bands():
    rows = pa.table({"position": [1, 0, 1], "band": [2, 0, 0], "m0": [5.0, 1.0, None]})

    totals = [
        total.tolist()
        for total in map(np.copy, Bands.from_rows(rows, n_bands=3).running_totals("m0", "sum", n_customers=2))
    ]

    assert totals == [[1, 0], [1, 0], [1, 5]]


def number(place: int) -> Measure:
    return Measure(LINE, "count", window_days=place + 1)


def test_a_ratio_over_zero_is_missing():
    measures = {number(0): np.array([1.0, 1.0, np.nan]), number(1): np.array([2.0, 0.0, 1.0])}

    np.testing.assert_array_equal(evaluate(Ratio(number(0), number(1)), measures), [0.5, np.nan, np.nan])
    np.testing.assert_array_equal(evaluate(Difference(number(0), number(1)), measures), [-1, 1, np.nan])


def test_a_deviation_needs_two_values():
    measures = {number(0): np.array([2.0, 1.0]), number(1): np.array([6.0, 3.0]), number(2): np.array([20.0, 9.0])}

    deviation = evaluate(Deviation(number(0), number(1), number(2)), measures)

    np.testing.assert_allclose(deviation, np.array([np.sqrt(2), np.nan]))


def test_the_first_of_tied_words_leads_and_without_numbers_no_word_does():
    measures = {number(0): np.array([1.0, 3.0, 0.0]), number(1): np.array([1.0, 2.0, np.nan])}
    words, numbers = ("a", "b"), (number(0), number(1))

    np.testing.assert_array_equal(evaluate(Leader(words, numbers, "largest"), measures), [0, 0, np.nan])
    np.testing.assert_array_equal(evaluate(Leader(words, numbers, "least"), measures), [0, 1, np.nan])


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
        ("at > 3", "at > 3.0 compares a time, .* 'at is not missing'"),
        ("b2 > 1", "did you mean 'b'"),
    ],
)
def test_values_that_cannot_be_compared_are_reported(text, message):
    table = ibis.table({"a": "float64", "b": "int64", "c": "string", "at": "timestamp"}, name="t")

    with pytest.raises(RuleError, match=message):
        rule_expression(parse_rule(text), table)
