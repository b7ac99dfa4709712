"""Diversity and categories of lists: computed by hand, and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.metrics.ranking import variety
from models.metrics.ranking.categories import category_diversity, miscalibration
from models.metrics.ranking.data import Categories
from models.metrics.ranking.variety import diversity
from tests.baskets import interactions
from tests.models.metrics.ranking.test_accuracy import ranking_data

DAY = "2024-01-01"
PAST = interactions(f"- {DAY} a b c d e", f"ada {DAY} a b", f"bo {DAY} a b c", f"cyd {DAY} c", f"dee {DAY} d")
CATEGORIES = Categories(PAST.item_ids, np.array(["x", "x", "y", "z", ""]))
TRUTH = interactions("ada 2024-02-01 a")


def test_diversity_is_one_minus_the_mean_cosine_of_the_buyers():
    always_both = ranking_data(PAST, TRUTH, ada="a b")
    sometimes_both = ranking_data(PAST, TRUTH, ada="a c")  # bo alone bought both: 1 / sqrt(2 * 2)
    three = ranking_data(PAST, TRUTH, ada="a b c")

    assert diversity(always_both).tolist() == pytest.approx([0])
    assert diversity(sometimes_both).tolist() == pytest.approx([1 / 2])
    assert diversity(three).tolist() == pytest.approx([1 - (1 + 1 / 2 + 1 / 2) / 3])


def test_items_without_common_buyers_have_diversity_1():
    assert diversity(ranking_data(PAST, TRUTH, ada="a d e")).tolist() == [1]


def test_a_list_of_one_item_has_no_diversity():
    one = ranking_data(PAST, TRUTH, ada="a")

    assert np.isnan([diversity(one)[0], category_diversity(one, CATEGORIES)[0]]).all()


def test_blocks_of_items_and_lists_give_the_same_diversity(monkeypatch: pytest.MonkeyPatch):
    rows = ranking_data(PAST, interactions("ada 2024-02-01 a", "bo 2024-02-01 a"), ada="a b c d", bo="c e b a")
    at_once = diversity(rows)

    monkeypatch.setattr(variety, "CELLS_AT_ONCE", 1)
    monkeypatch.setattr(variety, "LISTS_AT_ONCE", 1)

    assert diversity(rows) == pytest.approx(at_once)


def test_category_diversity_ignores_items_without_a_category():
    assert category_diversity(ranking_data(PAST, TRUTH, ada="a b c"), CATEGORIES).tolist() == pytest.approx([2 / 3])
    assert category_diversity(ranking_data(PAST, TRUTH, ada="a e c"), CATEGORIES).tolist() == [1]


def test_a_list_with_the_mix_of_the_history_has_miscalibration_0():
    past = interactions(f"ada {DAY} a b c d", "- 2024-01-01 e")

    assert miscalibration(ranking_data(past, TRUTH, ada="c a d b"), CATEGORIES).tolist() == pytest.approx([0])


def test_missing_categories_cost_the_smoothed_divergence():
    past = interactions(f"ada {DAY} a a c d", "- 2024-01-01 b e")  # half x, a quarter y, a quarter z

    result = miscalibration(ranking_data(past, TRUTH, ada="b c"), CATEGORIES)  # half x, half y

    expected = 0.25 * np.log(0.25 / (0.99 * 0.5 + 0.01 * 0.25)) + 0.25 * np.log(1 / 0.01)
    assert result.tolist() == pytest.approx([expected])


def test_miscalibration_is_nan_without_a_category_in_history_or_list():
    past = interactions(f"ada {DAY} e", f"bo {DAY} a", f"- {DAY} a b c d")
    truth = interactions("ada 2024-02-01 a", "bo 2024-02-01 a")

    assert np.isnan(miscalibration(ranking_data(past, truth, ada="a", bo="e"), CATEGORIES)).all()


@given(ranking=st.permutations("abcde"), k=st.integers(2, 5))
def test_values_stay_in_bounds_and_ignore_the_order_within_a_list(ranking: list[str], k: int):
    rows = ranking_data(PAST, TRUTH, ada=" ".join(ranking[:k]))
    reversed_list = ranking_data(PAST, TRUTH, ada=" ".join(ranking[:k][::-1]))

    for metric in (
        diversity,
        lambda one: category_diversity(one, CATEGORIES),
        lambda one: miscalibration(one, CATEGORIES),
    ):
        assert metric(rows) == pytest.approx(metric(reversed_list), nan_ok=True)
    assert -1e-12 <= diversity(rows)[0] <= 1
    assert miscalibration(rows, CATEGORIES)[0] >= -1e-12
