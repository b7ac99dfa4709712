"""Parsing rules, and evaluating them with three-valued logic."""

from __future__ import annotations

import doctest
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RuleError
from core.rules import rule as rules
from core.rules.rule import parse_rule

CUSTOMERS = {
    "recency_days": np.array([3.0, 40.0, np.nan]),
    "country": np.array(["UK", "", "JP"]),
    "returned": np.array([True, False, False]),
    "plan": np.array(["gold", None, 2.0], dtype=object),
    "since": np.array(["2024-01-01", "2024-01-02", "NaT"], dtype="datetime64[D]"),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("recency_days > 20", [False, True, False]),
        ("not recency_days > 20", [True, False, False]),
        ("recency_days > 20 or not recency_days > 20", [True, True, False]),
        ("recency_days is missing", [False, False, True]),
        ("recency_days is not missing and recency_days >= 3", [True, True, False]),
        ("country in ('UK', 'FR')", [True, False, False]),
        ("country not in ['UK']", [False, False, True]),
        ("country is missing or country == 'JP'", [False, True, True]),
        ("since is missing", [False, False, True]),
        ("returned == true", [True, False, False]),
        ("0 < recency_days AND Recency_days_2 > 1 or 1 == 1", [True, True, True]),
        ("country != 'UK' and recency_days < 100", [False, False, False]),
        ("recency_days == 3 or country == 'UK' and returned == 0", [True, False, False]),
        ("recency_days > -3.5e0", [True, True, False]),
    ],
)
def test_a_rule_holds_only_where_it_is_certainly_true(text, expected):
    columns = {**CUSTOMERS, "Recency_days_2": np.full(3, np.nan)}

    assert parse_rule(text).evaluate(columns).tolist() == expected


@given(st.sampled_from([True, False, None]), st.sampled_from([True, False, None]))
def test_three_valued_logic_is_that_of_kleene(a, b):
    columns = {name: np.array([np.nan if truth is None else float(truth)]) for name, truth in [("a", a), ("b", b)]}
    both = False if a is False or b is False else None if a is None or b is None else True
    either = True if a is True or b is True else None if a is None or b is None else False

    assert parse_rule("a == 1 and b == 1").evaluate(columns).item() is (both is True)
    assert parse_rule("not (a == 1 and b == 1)").evaluate(columns).item() is (both is False)
    assert parse_rule("a == 1 or b == 1").evaluate(columns).item() is (either is True)
    assert parse_rule("not (a == 1 or b == 1)").evaluate(columns).item() is (either is False)


@given(st.text(max_size=200))
def test_parsing_any_text_gives_a_rule_or_a_rule_error(text):
    with suppress(RuleError):
        parse_rule(text)


@pytest.mark.parametrize("hostile", ["(" * 3_999, "not " * 900, "((a>1) or " * 390, "a>1" + " and a>1" * 450])
def test_a_hostile_text_does_not_exhaust_the_stack(hostile):
    with suppress(RuleError):
        parse_rule(hostile).evaluate({"a": np.zeros(2)})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "its end where a name"),
        ("recency_days = 3", "write == for equality"),
        ("(recency_days > 3", r"its end where '\)' was expected"),
        ("recency_days > 1 country == 'UK'", "'country' where 'and', 'or' or the end"),
        ("country == 'UK", "cannot be read from ''UK'"),
        ("country == ''", "that is not empty"),
        ("country not 3", "where 'in' was expected"),
        ("country in 'UK'", "a list such as"),
        ("country in ()", "a name, a number"),
        ("recency_days", "a comparison, 'in' or 'is missing'"),
        ("1e999 > recency_days", "'1e999'"),
        ("3 is missing", "only a name can be missing"),
        ("a" * 5_000 + " > 1", "4000 is the most"),
        ("recency_day > 3", "unknown name 'recency_day'; did you mean 'recency_days'"),
        ("__import__('os')", r"'\(' where a comparison"),
    ],
)
def test_a_text_that_is_no_rule_is_reported_in_one_line(text, message):
    with pytest.raises(RuleError, match=message) as error:
        parse_rule(text, names=CUSTOMERS)

    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("recency_days == 'UK'", r"recency_days \(number\) with 'UK' \(text\)"),
        ("country >= 'A'", "orders texts"),
        ("plan == 2", "mixes numbers and texts"),
        ("since > 3", "compares a time, .* 'since is not missing'"),
        ("recency > 3", "did you mean 'recency_days'"),
    ],
)
def test_values_that_cannot_be_compared_are_reported(text, message):
    with pytest.raises(RuleError, match=message):
        parse_rule(text).evaluate(CUSTOMERS)


def test_a_rule_lists_the_names_that_it_refers_to():
    rule = parse_rule("a > b and not (c in ('x') or d.e is missing)")

    assert rule.names() == {"a", "b", "c", "d.e"}
    assert str(rule) == rule.text


def test_the_examples_in_the_documentation_run():
    assert doctest.testmod(rules).failed == 0
