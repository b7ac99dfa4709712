"""How varied a list is and how like the customer's own mix: by hand, and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.metrics import variety
from models.metrics.variety import Categories, category_diversity, diversity, miscalibration
from tests.baskets import bought
from tests.models.metrics.test_accuracy import judged

DAY = "2024-01-01"
PAST = bought(f"- {DAY} a b c d e", f"ada {DAY} a b", f"bo {DAY} a b c", f"cyd {DAY} c", f"dee {DAY} d")
CATEGORIES = Categories(PAST.item_ids, np.array(["x", "x", "y", "z", ""]))
TRUTH = bought("ada 2024-02-01 a")


def test_two_items_are_as_alike_as_those_who_bought_them():
    always_together = judged(PAST, TRUTH, ada="a b")
    now_and_then = judged(PAST, TRUTH, ada="a c")  # bo alone bought both: 1 / sqrt(2 * 2)
    three = judged(PAST, TRUTH, ada="a b c")

    assert diversity(always_together).tolist() == pytest.approx([0])
    assert diversity(now_and_then).tolist() == pytest.approx([1 / 2])
    assert diversity(three).tolist() == pytest.approx([1 - (1 + 1 / 2 + 1 / 2) / 3])


def test_items_that_nobody_bought_together_are_as_different_as_can_be():
    assert diversity(judged(PAST, TRUTH, ada="a d e")).tolist() == [1]


def test_a_list_of_one_item_has_no_diversity():
    one = judged(PAST, TRUTH, ada="a")

    assert np.isnan([diversity(one)[0], category_diversity(one, CATEGORIES)[0]]).all()


def test_many_items_and_lists_are_gone_through_in_blocks(monkeypatch: pytest.MonkeyPatch):
    rows = judged(PAST, bought("ada 2024-02-01 a", "bo 2024-02-01 a"), ada="a b c d", bo="c e b a")
    at_once = diversity(rows)

    monkeypatch.setattr(variety, "CELLS_AT_ONCE", 1)
    monkeypatch.setattr(variety, "LISTS_AT_ONCE", 1)

    assert diversity(rows) == pytest.approx(at_once)


def test_pairs_of_categories_are_counted_among_items_that_have_one():
    assert category_diversity(judged(PAST, TRUTH, ada="a b c"), CATEGORIES).tolist() == pytest.approx([2 / 3])
    assert category_diversity(judged(PAST, TRUTH, ada="a e c"), CATEGORIES).tolist() == [1]


def test_a_list_like_the_history_is_calibrated():
    past = bought(f"ada {DAY} a b c d", "- 2024-01-01 e")

    assert miscalibration(judged(past, TRUTH, ada="c a d b"), CATEGORIES).tolist() == pytest.approx([0])


def test_what_a_list_lacks_costs_by_the_smoothed_divergence():
    past = bought(f"ada {DAY} a a c d", "- 2024-01-01 b e")  # half x, a quarter y, a quarter z

    found = miscalibration(judged(past, TRUTH, ada="b c"), CATEGORIES)  # half x, half y

    expected = 0.25 * np.log(0.25 / (0.99 * 0.5 + 0.01 * 0.25)) + 0.25 * np.log(1 / 0.01)
    assert found.tolist() == pytest.approx([expected])


def test_without_a_category_in_history_or_list_nothing_is_said():
    past = bought(f"ada {DAY} e", f"bo {DAY} a", f"- {DAY} a b c d")
    truth = bought("ada 2024-02-01 a", "bo 2024-02-01 a")

    assert np.isnan(miscalibration(judged(past, truth, ada="a", bo="e"), CATEGORIES)).all()


@given(ranking=st.permutations("abcde"), k=st.integers(2, 5))
def test_bounds_hold_and_the_order_within_a_list_is_irrelevant(ranking: list[str], k: int):
    rows = judged(PAST, TRUTH, ada=" ".join(ranking[:k]))
    turned = judged(PAST, TRUTH, ada=" ".join(ranking[:k][::-1]))

    for figure in (
        diversity,
        lambda one: category_diversity(one, CATEGORIES),
        lambda one: miscalibration(one, CATEGORIES),
    ):
        assert figure(rows) == pytest.approx(figure(turned), nan_ok=True)
    assert -1e-12 <= diversity(rows)[0] <= 1
    assert miscalibration(rows, CATEGORIES)[0] >= -1e-12
