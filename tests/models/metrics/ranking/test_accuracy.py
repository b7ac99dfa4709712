"""Accuracy for customers of different activity."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.interactions import Histories
from core.recommendations import Recommendations
from models.metrics.ranking.accuracy import accuracy
from models.metrics.ranking.activity import THIRDS, accuracy_by_activity, activity_thirds
from models.metrics.ranking.data import RankingData
from tests.baskets import interactions


def ranking_data(past: Histories, truth: Histories, **rows: str) -> RankingData:
    """Lists such as ada="a c" joined to what the customers bought."""
    items = np.array([[past.item_ids.tolist().index(item) for item in row.split()] for row in rows.values()])
    nothing = np.full(items.shape, -1)
    ids = np.array(list(rows))
    return RankingData.align(
        Recommendations(
            customer_ids=ids,
            item_ids=past.item_ids,
            items=items,
            scores=nothing.astype(np.float32),
            stages=nothing,
            contributors=nothing,
            shortfalls=("",) * len(ids),
        ),
        truth=truth,
        past=past,
    )


def customers_with_orders(*counts: int) -> RankingData:
    """Customers c0, c1, ... with this many orders of 'a' and 'b', and one more order of 'a' as truth."""
    days = [f"c{who} 2024-01-{day + 1:02d} a b" for who, count in enumerate(counts) for day in range(count)]
    again = [f"c{who} 2024-03-01 a" for who in range(len(counts))]
    return ranking_data(
        interactions("- 2024-01-01 a b", *days),
        interactions(*again),
        **{f"c{who}": "a b" for who in range(len(counts))},
    )


def test_thirds_follow_the_number_of_past_orders():
    assert activity_thirds(customers_with_orders(1, 9, 4, 2, 5, 8)).tolist() == [0, 2, 1, 0, 1, 2]


def test_equally_active_customers_stay_together():
    assert activity_thirds(customers_with_orders(1, 1, 1, 1, 5)).tolist() == [0, 0, 0, 0, 2]


def test_lines_of_one_moment_are_one_order():
    one = ranking_data(interactions("ada 2024-01-01 a b c", "bo 2024-01-01 a", "bo 2024-01-02 a"),
                 interactions("ada 2024-02-01 a", "bo 2024-02-01 a"), ada="a", bo="a")  # fmt: skip

    assert activity_thirds(one)[0] < activity_thirds(one)[1]


@given(counts=st.lists(st.integers(0, 9), min_size=1, max_size=9))
def test_each_customer_counts_in_exactly_one_third(counts: list[int]):
    data = customers_with_orders(*counts)

    overall, by_third = accuracy(data), accuracy_by_activity(data)

    for name in ("recall", "ndcg"):
        columns = np.column_stack([by_third[f"{name}_{third}"] for third in THIRDS])
        assert np.isfinite(columns).sum(axis=1).tolist() == [1] * len(counts)
        assert np.nansum(columns, axis=1) == pytest.approx(overall[name])


def test_customers_with_more_orders_are_never_in_a_lower_third():
    thirds = activity_thirds(customers_with_orders(*range(10)))

    assert (np.diff(thirds) >= 0).all()
    assert np.bincount(thirds).tolist() == [4, 3, 3]
