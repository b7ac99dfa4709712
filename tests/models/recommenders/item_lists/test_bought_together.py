"""What is bought together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.interactions import Interactions
from models.artifact import Artifact
from models.recommenders.item_lists import bought_together
from models.recommenders.item_lists.bought_together import BoughtTogether
from tests.baskets import bought

ITEMS = ("bread", "jam", "milk", "tea")
BREAD, JAM, MILK, TEA = range(4)


def orders(*baskets: str) -> Interactions:
    """A log of one order a day."""
    return bought(*(f"ada 2024-{1 + day // 28:02d}-{1 + day % 28:02d} {basket}" for day, basket in enumerate(baskets)))


SHOP = orders(*["tea milk"] * 6, *["tea bread"] * 3, *["jam bread"] * 5, *["jam"] * 2, "bread", *["milk"] * 2)


def test_lift_is_the_share_of_chance_shrunk_towards_one():
    found = BoughtTogether.learnt_from(SHOP).with_item(TEA, 5)

    expected = 9 * 8 / 19  # 9 of 19 orders hold tea, 8 milk
    assert found == [(MILK, pytest.approx((6 + 1) / (expected + 1)), 6)]


def test_pairs_of_little_support_and_those_that_meet_less_than_by_chance_are_left_out():
    found = BoughtTogether.learnt_from(SHOP, least_support=1)

    assert [code for code, *_ in found.with_item(BREAD, 5)] == [JAM]  # with tea 3 times, by chance 4.3


def test_a_pair_of_one_order_has_no_great_lift():
    log = orders(*["tea"] * 300, "milk bread")

    assert BoughtTogether.learnt_from(log).with_item(0, 5) == []
    assert BoughtTogether.learnt_from(log, least_support=1).with_item(0, 5)[0][1] <= 2


def test_lines_of_one_order_number_belong_together_whenever_they_were_entered():
    log = bought("ada 2024-01-01 tea", "ada 2024-01-02 milk", "bo 2024-01-01 jam")
    numbered = replace(log, orders=np.array([7, 7, 8]))

    assert BoughtTogether.learnt_from(log, 1).with_item(2, 5) == []
    assert [code for code, *_ in BoughtTogether.learnt_from(numbered, 1).with_item(2, 5)] == [1]


def test_customers_at_the_same_moment_buy_apart():
    log = bought("ada 2024-01-01 tea", "bo 2024-01-01 milk")

    assert BoughtTogether.learnt_from(log, 1).with_item(0, 5) == []


def test_the_same_item_twice_in_an_order_is_one_order():
    assert [
        support for *_, support in BoughtTogether.learnt_from(orders("tea tea milk", "jam"), 1).with_item(2, 5)
    ] == [1]


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.lists(st.sampled_from(ITEMS), min_size=1, max_size=4).map(" ".join), min_size=1, max_size=30),
    st.integers(1, 5),
    st.integers(1, 3),
)
def test_pairs_are_mutual_supported_and_sorted_and_no_lift_outgrows_its_orders(
    baskets: list[str], least_support: int, at_most: int
):
    log = orders(*baskets)
    everything, few = (BoughtTogether.learnt_from(log, least_support, n) for n in (99, at_most))

    for code in range(len(log.item_ids)):
        pairs = everything.with_item(code, 99)
        assert few.with_item(code, 99) == pairs[:at_most]
        assert [lift for _, lift, _ in pairs] == sorted((lift for _, lift, _ in pairs), reverse=True)
        for other, lift, support in pairs:
            assert code != other
            assert least_support <= support
            assert 1 < lift <= support + 1
            assert (code, lift, support) in everything.with_item(other, 99)


def test_counted_in_blocks_or_at_once_is_the_same(monkeypatch: pytest.MonkeyPatch):
    at_once = BoughtTogether.learnt_from(SHOP, 1)
    monkeypatch.setattr(bought_together, "CELLS_AT_ONCE", 4)

    in_blocks = BoughtTogether.learnt_from(SHOP, 1)

    assert all(in_blocks.with_item(code, 9) == at_once.with_item(code, 9) for code in range(4))


@pytest.mark.parametrize(("code", "k"), [(-1, 3), (4, 3), (TEA, 0), (TEA, -1)])
def test_an_unknown_item_or_none_asked_for_is_an_empty_list(code: int, k: int):
    assert BoughtTogether.learnt_from(SHOP).with_item(code, k) == []


def test_nothing_bought_is_nothing_together():
    assert BoughtTogether.learnt_from(SHOP.keep(np.zeros(len(SHOP.items), dtype=bool))).with_item(TEA, 3) == []


def test_what_is_kept_answers_as_before(tmp_path: Path):
    found = BoughtTogether.learnt_from(SHOP)
    found.to_artifact().write(tmp_path)

    read = BoughtTogether.from_artifact(Artifact.read(tmp_path, memory_map=True))

    assert all(read.with_item(code, 9) == found.with_item(code, 9) for code in range(4))
