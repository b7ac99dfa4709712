"""Trending items."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.recommenders.item_lists.trending import PRIOR_PURCHASES, measure_trend
from tests.baskets import interactions

CUTOFF = date(2024, 3, 1)


def baskets(before: int, after: int, item: str = "tea") -> list[str]:
    """Baskets of one item: `before` in the previous and `after` in the last week before the cutoff."""
    return [f"ada 2024-02-19 {item}"] * before + [f"ada 2024-02-26 {item}"] * after


def test_doubling_many_purchases_scores_above_tripling_one():
    log = interactions(*baskets(1, 3, "jam"), *baskets(100, 200, "tea"))

    jam, tea = measure_trend(log, CUTOFF, window_days=7).scores

    assert 0 < jam < tea < 1


def test_the_score_counts_doublings_of_decayed_purchases_with_the_prior():
    log = interactions(*["ada 2024-02-29 tea"] * 8, *["ada 2024-02-23 tea"] * 8, *["ada 2024-02-21 tea"] * 4)

    trend = measure_trend(log, CUTOFF, window_days=7, half_life_days=1)

    now, before = 8 * (1 / 2 + 1 / 2**7), 4 / 2**2
    assert trend.scores.tolist() == [pytest.approx(np.log2((now + PRIOR_PURCHASES) / (before + PRIOR_PURCHASES)))]
    assert (trend.counts.tolist(), trend.counts_before.tolist()) == ([16], [4])


def test_a_purchase_on_the_cutoff_or_more_than_two_windows_ago_does_not_count():
    log = interactions("ada 2024-03-01 tea", "ada 2024-02-23 tea", "ada 2024-02-22T23:59 tea", "ada 2024-02-15 tea",
                 "ada 2024-02-16 tea")  # fmt: skip

    trend = measure_trend(log, CUTOFF, window_days=7)

    assert (trend.counts.tolist(), trend.counts_before.tolist()) == ([1], [2])


def test_anonymous_lines_count():
    named, anonymous = interactions(*["ada 2024-02-26 tea"] * 3), interactions(*["- 2024-02-26 tea"] * 3)

    assert measure_trend(anonymous, CUTOFF).scores == measure_trend(named, CUTOFF).scores
    assert measure_trend(anonymous, CUTOFF).counts.tolist() == [3]


@given(before=st.integers(0, 9), after=st.integers(0, 9))
def test_growth_scores_above_zero_and_decline_below(before: int, after: int):
    log = interactions(*baskets(before, after), "ada 2023-01-01 tea")

    assert np.sign(measure_trend(log, CUTOFF, window_days=7).scores[0]) == np.sign(after - before)


def test_an_item_without_purchases_in_both_windows_scores_zero():
    assert measure_trend(interactions("ada 2023-01-01 tea"), CUTOFF).scores.tolist() == [0]
