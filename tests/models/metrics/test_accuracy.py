"""Thirds of the customers by activity, and what each of them finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.interactions import Histories
from core.recommendations import Recommendations
from models.metrics.accuracy import SEGMENTS, accuracy, activity_thirds, by_activity
from models.metrics.ranking_data import JudgedRankings
from tests.baskets import bought


def judged(past: Histories, truth: Histories, **rows: str) -> JudgedRankings:
    """What each customer was shown, such as ada="a c", beside what they bought."""
    items = np.array([[past.item_ids.tolist().index(item) for item in row.split()] for row in rows.values()])
    nothing = np.full(items.shape, -1)
    ids = np.array(list(rows))
    return JudgedRankings.of(
        Recommendations(ids, past.item_ids, items, nothing * 1.0, nothing, nothing, ("",) * len(ids)), truth, past
    )


def of_so_many_orders(*counts: int) -> JudgedRankings:
    """Customers c0, c1, ... who each bought 'a' on so many days and then once more."""
    days = [f"c{who} 2024-01-{day + 1:02d} a b" for who, count in enumerate(counts) for day in range(count)]
    again = [f"c{who} 2024-03-01 a" for who in range(len(counts))]
    return judged(bought("- 2024-01-01 a b", *days), bought(*again), **{f"c{who}": "a b" for who in range(len(counts))})


def test_customers_are_parted_by_their_past_orders():
    assert activity_thirds(of_so_many_orders(1, 9, 4, 2, 5, 8)).tolist() == [0, 2, 1, 0, 1, 2]


def test_equally_active_customers_stay_together():
    assert activity_thirds(of_so_many_orders(1, 1, 1, 1, 5)).tolist() == [0, 0, 0, 0, 2]


def test_lines_of_one_moment_are_one_order():
    one = judged(bought("ada 2024-01-01 a b c", "bo 2024-01-01 a", "bo 2024-01-02 a"),
                 bought("ada 2024-02-01 a", "bo 2024-02-01 a"), ada="a", bo="a")  # fmt: skip

    assert activity_thirds(one)[0] < activity_thirds(one)[1]


@given(counts=st.lists(st.integers(0, 9), min_size=1, max_size=9))
def test_each_customer_counts_in_one_third_with_their_own_figure(counts: list[int]):
    everybody = of_so_many_orders(*counts)

    figures, parts = accuracy(everybody), by_activity(everybody)

    for name in ("recall", "ndcg"):
        columns = np.column_stack([parts[f"{name}_{segment}"] for segment in SEGMENTS])
        assert np.isfinite(columns).sum(axis=1).tolist() == [1] * len(counts)
        assert np.nansum(columns, axis=1) == pytest.approx(figures[name])


def test_who_buys_more_often_is_never_in_a_lower_third():
    thirds = activity_thirds(of_so_many_orders(*range(10)))

    assert (np.diff(thirds) >= 0).all()
    assert np.bincount(thirds).tolist() == [4, 3, 3]
