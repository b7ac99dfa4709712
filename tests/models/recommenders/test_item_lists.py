"""Items bought together, and trending items."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.interactions import Interactions
from models.artifact import Artifact
from models.recommenders import item_lists
from models.recommenders.item_lists import PRIOR_PURCHASES, BoughtTogether, measure_trend
from tests.baskets import interactions

ITEMS = ("bread", "jam", "milk", "tea")
BREAD, JAM, MILK, TEA = range(4)


def orders(*baskets: str) -> Interactions:
    """Interactions with one order for each day."""
    return interactions(
        *(f"ada 2024-{1 + day // 28:02d}-{1 + day % 28:02d} {basket}" for day, basket in enumerate(baskets))
    )


SHOP = orders(*["tea milk"] * 6, *["tea bread"] * 3, *["jam bread"] * 5, *["jam"] * 2, "bread", *["milk"] * 2)


def test_lift_is_observed_over_expected_orders_shrunk_towards_one():
    pairs = BoughtTogether.fit(SHOP).pairs_of(TEA, 5)

    expected = 9 * 8 / 19  # 9 of 19 orders contain tea, 8 milk
    assert pairs == [(MILK, pytest.approx((6 + 1) / (expected + 1)), 6)]


def test_pairs_below_min_support_or_below_chance_are_dropped():
    model = BoughtTogether.fit(SHOP, min_support=1)

    assert [code for code, *_ in model.pairs_of(BREAD, 5)] == [JAM]  # with tea 3 times, by chance 4.3


def test_a_pair_of_one_order_has_a_small_lift():
    log = orders(*["tea"] * 300, "milk bread")

    assert BoughtTogether.fit(log).pairs_of(0, 5) == []
    assert BoughtTogether.fit(log, min_support=1).pairs_of(0, 5)[0][1] <= 2


def test_lines_with_one_order_number_are_one_order_whatever_their_times():
    log = interactions("ada 2024-01-01 tea", "ada 2024-01-02 milk", "bo 2024-01-01 jam")
    numbered = replace(log, orders=np.array([7, 7, 8]))

    assert BoughtTogether.fit(log, min_support=1).pairs_of(2, 5) == []
    assert [code for code, *_ in BoughtTogether.fit(numbered, min_support=1).pairs_of(2, 5)] == [1]


def test_purchases_of_two_customers_at_one_time_are_two_orders():
    log = interactions("ada 2024-01-01 tea", "bo 2024-01-01 milk")

    assert BoughtTogether.fit(log, min_support=1).pairs_of(0, 5) == []


def test_an_item_twice_in_an_order_counts_once():
    assert [
        support for *_, support in BoughtTogether.fit(orders("tea tea milk", "jam"), min_support=1).pairs_of(2, 5)
    ] == [1]


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.lists(st.sampled_from(ITEMS), min_size=1, max_size=4).map(" ".join), min_size=1, max_size=30),
    st.integers(1, 5),
    st.integers(1, 3),
)
def test_pairs_are_symmetric_supported_and_sorted_and_lift_is_bounded_by_support(
    baskets: list[str], min_support: int, max_pairs: int
):
    log = orders(*baskets)
    all_pairs, few = (BoughtTogether.fit(log, min_support=min_support, max_pairs=n) for n in (99, max_pairs))

    for code in range(len(log.item_ids)):
        pairs = all_pairs.pairs_of(code, 99)
        assert few.pairs_of(code, 99) == pairs[:max_pairs]
        assert [lift for _, lift, _ in pairs] == sorted((lift for _, lift, _ in pairs), reverse=True)
        for other, lift, support in pairs:
            assert code != other
            assert min_support <= support
            assert 1 < lift <= support + 1
            assert (code, lift, support) in all_pairs.pairs_of(other, 99)


def test_counting_in_blocks_gives_the_same_pairs(monkeypatch: pytest.MonkeyPatch):
    at_once = BoughtTogether.fit(SHOP, min_support=1)
    monkeypatch.setattr(item_lists, "PAIRS_AT_ONCE", 4)

    in_blocks = BoughtTogether.fit(SHOP, min_support=1)

    assert all(in_blocks.pairs_of(code, 9) == at_once.pairs_of(code, 9) for code in range(4))


@pytest.mark.parametrize(("code", "k"), [(-1, 3), (4, 3), (TEA, 0), (TEA, -1)])
def test_an_unknown_item_or_k_below_one_gives_an_empty_list(code: int, k: int):
    assert BoughtTogether.fit(SHOP).pairs_of(code, k) == []


def test_without_purchases_there_are_no_pairs():
    assert BoughtTogether.fit(SHOP.keep(np.zeros(len(SHOP.items), dtype=bool))).pairs_of(TEA, 3) == []


def test_the_stored_pairs_are_the_same(tmp_path: Path):
    model = BoughtTogether.fit(SHOP)
    model.to_artifact().write(tmp_path)

    read = BoughtTogether.from_artifact(Artifact.read(tmp_path, memory_map=True))

    assert all(read.pairs_of(code, 9) == model.pairs_of(code, 9) for code in range(4))


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
