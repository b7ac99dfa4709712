"""What is on the rise."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.recommenders.item_lists.trending import PRIOR_PURCHASES, trending
from tests.baskets import bought

CUTOFF = date(2024, 3, 1)


def counted(before: int, after: int, item: str = "tea") -> list[str]:
    """Baskets of one item, so many in each of the two weeks before the cutoff."""
    return [f"ada 2024-02-19 {item}"] * before + [f"ada 2024-02-26 {item}"] * after


def test_a_doubling_of_many_is_above_a_tripling_of_one():
    log = bought(*counted(1, 3, "jam"), *counted(100, 200, "tea"))

    jam, tea = trending(log, CUTOFF, window_days=7).scores

    assert 0 < jam < tea < 1


def test_the_score_is_the_doublings_of_decayed_purchases_and_the_prior():
    log = bought(*["ada 2024-02-29 tea"] * 8, *["ada 2024-02-23 tea"] * 8, *["ada 2024-02-21 tea"] * 4)

    trend = trending(log, CUTOFF, window_days=7, half_life_days=1)

    now, before = 8 * (1 / 2 + 1 / 2**7), 4 / 2**2
    assert trend.scores.tolist() == [pytest.approx(np.log2((now + PRIOR_PURCHASES) / (before + PRIOR_PURCHASES)))]
    assert (trend.counts.tolist(), trend.counts_before.tolist()) == ([16], [4])


def test_a_purchase_on_the_cutoff_has_not_happened_yet_and_one_of_two_windows_ago_is_over():
    log = bought("ada 2024-03-01 tea", "ada 2024-02-23 tea", "ada 2024-02-22T23:59 tea", "ada 2024-02-15 tea",
                 "ada 2024-02-16 tea")  # fmt: skip

    trend = trending(log, CUTOFF, window_days=7)

    assert (trend.counts.tolist(), trend.counts_before.tolist()) == ([1], [2])


def test_anonymous_lines_count():
    known, anonymous = bought(*["ada 2024-02-26 tea"] * 3), bought(*["- 2024-02-26 tea"] * 3)

    assert trending(anonymous, CUTOFF).scores == trending(known, CUTOFF).scores
    assert trending(anonymous, CUTOFF).counts.tolist() == [3]


@given(before=st.integers(0, 9), after=st.integers(0, 9))
def test_more_than_before_is_above_zero_and_less_is_below(before: int, after: int):
    log = bought(*counted(before, after), "ada 2023-01-01 tea")

    assert np.sign(trending(log, CUTOFF, window_days=7).scores[0]) == np.sign(after - before)


def test_what_was_not_bought_in_either_window_has_no_trend():
    assert trending(bought("ada 2023-01-01 tea"), CUTOFF).scores.tolist() == [0]
