"""The clauses of a rule, as text and by how many customers each excludes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.rules.clauses import ClauseExclusion, count_exclusions, render_rule, split_clauses
from core.rules.parser import parse_tree
from core.rules.rule import parse_rule
from core.rules.tree import AllOf, AnyOf, Compare, Missing, Name, Node, Not, Value

NAMES = st.sampled_from(["a", "b", "plan.name"]).map(Name)
VALUES = st.one_of(st.floats(-1e9, 1e9), st.text("x' \"é", min_size=1, max_size=4)).map(Value)
TESTS = st.one_of(
    st.builds(Compare, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), NAMES, st.one_of(NAMES, VALUES)),
    st.builds(Missing, NAMES),
)
TREES = st.recursive(
    TESTS,
    lambda node: st.one_of(
        st.builds(Not, node),
        st.builds(AllOf, st.lists(node, min_size=2, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(node, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


@given(TREES)
@settings(max_examples=150)
def test_the_text_of_a_tree_is_parsed_to_the_same_tree(tree: Node):
    assert parse_tree(render_rule(tree)) == tree


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("a > 1", ("a > 1",)),
        ("a > 1 and b in ('x', 'y') and not b == 'z'", ("a > 1", "b in ('x', 'y')", "not b == 'z'")),
        ("a > 0.5 and (b == 'x' or a is not missing)", ("a > 0.5", "b == 'x' or a is not missing")),
        ("a > 1 or b == 'x' and a < 0", ("a > 1 or b == 'x' and a < 0",)),
        ("a not in (1, 2) and 1 == 1", ("not a in (1, 2)", "1 == 1")),
    ],
)
def test_only_an_and_at_the_top_splits_a_rule(text: str, clauses: tuple[str, ...]):
    assert split_clauses(parse_rule(text)) == clauses


def test_each_clause_is_counted_alone_and_the_one_that_excludes_most_comes_first():
    columns = {"age": np.array([1.0, 5.0, 9.0, np.nan]), "town": np.array(["A", "B", "B", ""])}

    assert count_exclusions(parse_rule("age > 3 and town == 'A'"), columns) == (
        ClauseExclusion(clause="town == 'A'", n_excluded=3, n_unknown=1),
        ClauseExclusion(clause="age > 3", n_excluded=2, n_unknown=1),
    )


def test_a_rule_without_names_excludes_all_customers_or_none():
    (clause,) = count_exclusions(parse_rule("1 == 2"), {"age": np.array([1.0, 2.0])})

    assert (clause.n_excluded, clause.n_unknown) == (2, 0)
