"""What each evaluation protocol trains on and what it holds out."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput, NotEnoughHistory
from core.interactions import Histories
from models.metrics.ranking.evaluation import PROTOCOLS
from models.metrics.ranking.protocols.fixed_split import FixedSplit
from models.metrics.ranking.protocols.global_time_split import GlobalTimeSplit
from models.metrics.ranking.protocols.held_out_share import HeldOutShare
from models.metrics.ranking.protocols.last_basket_out import LastBasketOut
from tests.baskets import interactions


def items_by_customer(histories: Histories) -> dict[str, list[str]]:
    """The items of each customer by name, in order of time."""
    ends = histories.indptr.tolist()
    names = histories.item_ids[histories.items].tolist()
    return {
        who: names[start:end]
        for who, start, end in zip(histories.customer_ids.tolist(), ends[:-1], ends[1:], strict=True)
    }


SHOP = interactions(
    "ada 2024-01-01 tea", "ada 2024-01-10 milk tea", "ada 2024-02-01 cake", "ada 2024-03-01 tea",
    "bo 2024-01-05 milk", "bo 2024-02-09 bread",
    "cyd 2024-02-02 tea",
    "dee 2024-01-07 jam",
    "- 2024-01-03 soap", "- 2024-02-03 salt",
)  # fmt: skip


def test_a_time_split_trains_on_purchases_before_the_cutoff_only():
    split = GlobalTimeSplit(date(2024, 2, 1), 28).split(SHOP)

    assert items_by_customer(split.training) == {"ada": ["tea", "milk", "tea"], "bo": ["milk"], "dee": ["jam"]}
    assert split.training.item_ids.tolist() == ["jam", "milk", "soap", "tea"]
    assert split.training.item_ids[split.training.anonymous_items].tolist() == ["soap"]


def test_a_time_split_evaluates_customers_with_a_history_and_a_purchase_within_the_horizon():
    split = GlobalTimeSplit(date(2024, 2, 1), 28).split(SHOP)

    assert items_by_customer(split.truth) == {"ada": ["cake"], "bo": ["bread"]}
    assert items_by_customer(split.histories) == {"ada": ["tea", "milk", "tea"], "bo": ["milk"]}
    assert split.days.astype(str).tolist() == ["2024-02-01"] * 2
    assert not split.masks_seen


def test_the_horizon_is_half_open():
    truth = GlobalTimeSplit(date(2024, 2, 1), 8).split(SHOP).truth

    assert items_by_customer(truth) == {"ada": ["cake"]}
    assert items_by_customer(GlobalTimeSplit(date(2024, 2, 1), 9).split(SHOP).truth) == {
        "ada": ["cake"],
        "bo": ["bread"],
    }


def test_the_last_basket_is_held_out_of_every_customer_with_an_earlier_one():
    split = LastBasketOut().split(SHOP)

    assert items_by_customer(split.truth) == {"ada": ["tea"], "bo": ["bread"]}
    assert items_by_customer(split.histories) == {"ada": ["tea", "milk", "tea", "cake"], "bo": ["milk"]}
    assert items_by_customer(split.training)["cyd"] == ["tea"]  # a single basket is training data only
    assert split.days.astype(str).tolist() == ["2024-03-01", "2024-02-09"]


def test_the_last_but_one_basket_is_split_without_the_last():
    split = LastBasketOut(baskets_back=2).split(SHOP)

    assert items_by_customer(split.truth) == {"ada": ["cake"]}
    assert items_by_customer(split.training) == {
        "ada": ["tea", "milk", "tea"],
        "bo": ["milk"],
        "cyd": ["tea"],
        "dee": ["jam"],
    }


def test_two_moments_of_one_day_are_one_basket():
    day = interactions("ada 2024-01-01 tea", "ada 2024-01-02T09:00 milk", "ada 2024-01-02T17:00 cake")

    assert items_by_customer(LastBasketOut().split(day).truth) == {"ada": ["milk", "cake"]}


def test_a_fixed_split_takes_the_truth_from_its_file_and_masks_seen_items():
    train, test = (
        interactions("ada 2024-01-01 a b", "bo 2024-01-01 b"),
        interactions("ada 2024-01-01 c", "eve 2024-01-01 a"),
    )

    split = FixedSplit(test).split(train)

    assert items_by_customer(split.truth) == {"ada": ["c"]}
    assert items_by_customer(split.histories) == {"ada": ["a", "b"]}
    assert (split.masks_seen, split.cutoff) == (True, date(2024, 1, 2))


def test_a_repeat_in_the_file_of_a_fixed_split_is_no_miss():
    train = interactions("ada 2024-01-01 a b", "bo 2024-01-01 a c")
    test = interactions("ada 2024-01-01 a c", "bo 2024-01-01 a")

    split = FixedSplit(test).split(train)

    assert items_by_customer(split.truth) == {"ada": ["c"]}, "Ada's a cannot be recommended; Bo bought nothing else"


baskets = st.lists(
    st.tuples(
        st.sampled_from(["ada", "bo", "cyd"]), st.integers(1, 28), st.sets(st.sampled_from("abcdefgh"), min_size=1)
    ),
    min_size=1,
    max_size=12,
)


@given(baskets=baskets, share=st.sampled_from([0.2, 0.5]), seed=st.integers(0, 3))
def test_a_held_out_share_is_a_share_of_each_customers_items_and_loses_none(
    baskets: list[tuple[str, int, set[str]]], share: float, seed: int
):
    everything = interactions(*(f"{who} 2024-01-{day:02d} {' '.join(sorted(items))}" for who, day, items in baskets))
    items_of = {who: set(items) for who, items in items_by_customer(everything).items()}
    if all(int(share * len(items)) == 0 for items in items_of.values()):
        return

    split = HeldOutShare(share, seed).split(everything)

    held, kept = items_by_customer(split.truth), items_by_customer(split.training)
    for who, items in items_of.items():
        assert len(set(held.get(who, []))) == int(share * len(items))
        assert set(held.get(who, [])) | set(kept[who]) == items
        assert not set(held.get(who, [])) & set(kept[who])


@given(baskets=baskets)
def test_last_basket_out_loses_no_line_and_uses_none_twice(baskets: list[tuple[str, int, set[str]]]):
    everything = interactions(*(f"{who} 2024-01-{day:02d} {' '.join(sorted(items))}" for who, day, items in baskets))

    try:
        split = LastBasketOut().split(everything)
    except NotEnoughHistory:
        assert len(np.unique(everything.times[everything.customers == 0])) == 1
        return
    assert len(split.training.items) + len(split.truth.items) == len(everything.items)
    for row in range(len(split)):
        seen = split.histories.take(np.array([row])).times
        assert (seen < split.days[row]).all()


@pytest.mark.parametrize(
    ("protocol", "fault", "message"),
    [
        (GlobalTimeSplit(date(2023, 1, 1), 28), NotEnoughHistory, "no customer with a history"),
        (LastBasketOut(9), NotEnoughHistory, "no customer bought on 10 different days"),
        (LastBasketOut(0), BadInput, "baskets_back is 0"),
        (HeldOutShare(1.5), BadInput, "between 0 and 1"),
    ],
)
def test_impossible_splits_are_refused(
    protocol: GlobalTimeSplit | LastBasketOut | HeldOutShare, fault: type, message: str
):
    with pytest.raises(fault, match=message):
        protocol.split(SHOP)


EXAMPLES = {
    "global_time_split": GlobalTimeSplit(date(2024, 2, 1), 28),
    "last_basket_out": LastBasketOut(),
    "fixed_split": FixedSplit(SHOP, masks_seen=False),
    "held_out_share": HeldOutShare(0.5),
}


@pytest.mark.parametrize("name", list(PROTOCOLS))
def test_every_protocol_evaluates_customers_on_the_days_after_their_history(name: str):
    protocol = EXAMPLES[name]

    split = protocol.split(SHOP)

    assert PROTOCOLS[name] is type(protocol)
    assert protocol.name == name
    assert len(protocol.description.split()) > 10
    assert split.histories.customer_ids.tolist() == split.truth.customer_ids.tolist()
    assert (np.diff(split.truth.indptr) > 0).all()
    assert (split.training.times < np.datetime64(split.cutoff, "s")).all()
