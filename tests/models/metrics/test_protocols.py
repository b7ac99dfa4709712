"""What each protocol shows to a model, and what it keeps back."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput, NotEnoughHistory
from core.interactions import Histories
from models.metrics.protocols import FixedSplit, GlobalTimeSplit, HeldOutShare, LastBasketOut
from tests.baskets import bought


def told(histories: Histories) -> dict[str, list[str]]:
    """The items of each customer by name, in order of time."""
    ends = histories.indptr.tolist()
    names = histories.item_ids[histories.items].tolist()
    return {
        who: names[start:end]
        for who, start, end in zip(histories.customer_ids.tolist(), ends[:-1], ends[1:], strict=True)
    }


SHOP = bought(
    "ada 2024-01-01 tea", "ada 2024-01-10 milk tea", "ada 2024-02-01 cake", "ada 2024-03-01 tea",
    "bo 2024-01-05 milk", "bo 2024-02-09 bread",
    "cyd 2024-02-02 tea",
    "dee 2024-01-07 jam",
    "- 2024-01-03 soap", "- 2024-02-03 salt",
)  # fmt: skip


def test_a_time_split_knows_nothing_of_the_cutoff_and_later():
    found = GlobalTimeSplit(date(2024, 2, 1), 28).split(SHOP)

    assert told(found.learnt_from) == {"ada": ["tea", "milk", "tea"], "bo": ["milk"], "dee": ["jam"]}
    assert found.learnt_from.item_ids.tolist() == ["jam", "milk", "soap", "tea"]
    assert found.learnt_from.item_ids[found.learnt_from.anonymous_items].tolist() == ["soap"]


def test_a_time_split_asks_those_with_a_history_who_bought_within_the_horizon():
    found = GlobalTimeSplit(date(2024, 2, 1), 28).split(SHOP)

    assert told(found.truth) == {"ada": ["cake"], "bo": ["bread"]}
    assert told(found.asking) == {"ada": ["tea", "milk", "tea"], "bo": ["milk"]}
    assert found.asked_on.astype(str).tolist() == ["2024-02-01"] * 2
    assert not found.masks_seen


def test_the_horizon_is_half_open():
    truth = GlobalTimeSplit(date(2024, 2, 1), 8).split(SHOP).truth

    assert told(truth) == {"ada": ["cake"]}
    assert told(GlobalTimeSplit(date(2024, 2, 1), 9).split(SHOP).truth) == {"ada": ["cake"], "bo": ["bread"]}


def test_the_last_basket_is_held_out_of_everybody_with_an_earlier_one():
    found = LastBasketOut().split(SHOP)

    assert told(found.truth) == {"ada": ["tea"], "bo": ["bread"]}
    assert told(found.asking) == {"ada": ["tea", "milk", "tea", "cake"], "bo": ["milk"]}
    assert told(found.learnt_from)["cyd"] == ["tea"]  # whose only basket nobody is judged by
    assert found.asked_on.astype(str).tolist() == ["2024-03-01", "2024-02-09"]


def test_the_basket_before_the_last_never_sees_the_last():
    found = LastBasketOut(baskets_back=2).split(SHOP)

    assert told(found.truth) == {"ada": ["cake"]}
    assert told(found.learnt_from) == {"ada": ["tea", "milk", "tea"], "bo": ["milk"], "cyd": ["tea"], "dee": ["jam"]}


def test_two_moments_of_one_day_are_one_basket():
    day = bought("ada 2024-01-01 tea", "ada 2024-01-02T09:00 milk", "ada 2024-01-02T17:00 cake")

    assert told(LastBasketOut().split(day).truth) == {"ada": ["milk", "cake"]}


def test_a_fixed_split_judges_by_the_file_and_masks_what_is_in_the_other():
    train, test = bought("ada 2024-01-01 a b", "bo 2024-01-01 b"), bought("ada 2024-01-01 c", "eve 2024-01-01 a")

    found = FixedSplit(test).split(train)

    assert told(found.truth) == {"ada": ["c"]}
    assert told(found.asking) == {"ada": ["a", "b"]}
    assert (found.masks_seen, found.cutoff) == (True, date(2024, 1, 2))


baskets = st.lists(
    st.tuples(
        st.sampled_from(["ada", "bo", "cyd"]), st.integers(1, 28), st.sets(st.sampled_from("abcdefgh"), min_size=1)
    ),
    min_size=1,
    max_size=12,
)


@given(baskets=baskets, share=st.sampled_from([0.2, 0.5]), seed=st.integers(0, 3))
def test_a_held_out_share_is_that_of_each_customers_items_and_none_is_left_behind(
    baskets: list[tuple[str, int, set[str]]], share: float, seed: int
):
    everything = bought(*(f"{who} 2024-01-{day:02d} {' '.join(sorted(items))}" for who, day, items in baskets))
    items_of = {who: set(items) for who, items in told(everything).items()}
    if all(int(share * len(items)) == 0 for items in items_of.values()):
        return

    found = HeldOutShare(share, seed).split(everything)

    held, kept = told(found.truth), told(found.learnt_from)
    for who, items in items_of.items():
        assert len(set(held.get(who, []))) == int(share * len(items))
        assert set(held.get(who, [])) | set(kept[who]) == items
        assert not set(held.get(who, [])) & set(kept[who])


@given(baskets=baskets)
def test_no_protocol_loses_or_shows_a_line_twice(baskets: list[tuple[str, int, set[str]]]):
    everything = bought(*(f"{who} 2024-01-{day:02d} {' '.join(sorted(items))}" for who, day, items in baskets))

    try:
        found = LastBasketOut().split(everything)
    except NotEnoughHistory:
        assert len(np.unique(everything.times[everything.customers == 0])) == 1
        return
    assert len(found.learnt_from.items) + len(found.truth.items) == len(everything.items)
    for row in range(len(found)):
        seen = found.asking.take(np.array([row])).times
        assert (seen < found.asked_on[row]).all()


@pytest.mark.parametrize(
    ("protocol", "fault", "message"),
    [
        (GlobalTimeSplit(date(2023, 1, 1), 28), NotEnoughHistory, "nobody with a history"),
        (LastBasketOut(9), NotEnoughHistory, "nobody with a history"),
        (LastBasketOut(0), BadInput, "baskets_back is 0"),
        (HeldOutShare(1.5), BadInput, "between 0 and 1"),
    ],
)
def test_what_cannot_be_split_is_told(
    protocol: GlobalTimeSplit | LastBasketOut | HeldOutShare, fault: type, message: str
):
    with pytest.raises(fault, match=message):
        protocol.split(SHOP)


def test_every_protocol_says_what_it_does():
    for protocol in (GlobalTimeSplit(date(2024, 2, 1), 28), LastBasketOut(2), FixedSplit(SHOP), HeldOutShare()):
        assert protocol.name.replace("_", "").isalpha()
        assert len(protocol.says.split()) > 10
