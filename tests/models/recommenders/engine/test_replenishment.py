"""When an item is due again."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.recommenders.engine.base import Recommender
from models.recommenders.engine.exclusions import Exclusions
from models.recommenders.engine.replenishment import (
    DEFAULT_GAP_DAYS,
    DUE_SHARE,
    PRIOR_GAPS,
    Dueness,
    dueness,
    usual_gap_days,
)
from tests.baskets import history, interactions
from tests.corner_shop import fit_every_recommender

WEEKLY = interactions(
    "ada 2024-01-01 tea", "ada 2024-01-08 tea", "ada 2024-01-15 tea milk", "bo 2024-01-01 tea milk",
    "bo 2024-01-31 tea jam", "cyd 2024-02-03 milk bread",
)  # fmt: skip
CUTOFF = date(2024, 2, 5)
FITTED = fit_every_recommender(WEEKLY, CUTOFF)
ITEMS = WEEKLY.item_ids.tolist()

every_recommender = pytest.mark.parametrize("recommender", FITTED.values(), ids=FITTED.keys())


def by_pair(values: np.ndarray, at_cutoff: Dueness) -> dict[tuple[int, str], float]:
    item_ids = WEEKLY.item_ids[at_cutoff.items].tolist()
    return dict(zip(zip(at_cutoff.rows.tolist(), item_ids, strict=True), values.tolist(), strict=True))


def test_an_items_gap_is_the_median_over_all_customers_gaps():
    assert usual_gap_days(WEEKLY)[ITEMS.index("tea")] == 7  # of 7, 7 and 30


def test_an_even_number_of_gaps_has_the_mean_of_the_middle_two():
    log = interactions("ada 2024-01-01 tea", "ada 2024-01-02 tea", "ada 2024-01-05 tea", "ada 2024-01-10 tea",
                 "ada 2024-01-30 tea")  # fmt: skip

    assert usual_gap_days(log).tolist() == [4]  # of 1, 3, 5 and 20


def test_an_item_with_few_gaps_has_no_known_gap():
    gaps = usual_gap_days(WEEKLY)

    assert np.isnan(gaps[[ITEMS.index(item) for item in ("milk", "jam", "bread")]]).all()


def test_two_purchases_on_one_day_are_no_gap():
    log = interactions("ada 2024-01-01T09:00 tea", "ada 2024-01-01T18:00 tea", "ada 2024-01-03 tea",
                 "ada 2024-01-05 tea", "ada 2024-01-07T23:59 tea")  # fmt: skip

    assert usual_gap_days(log).tolist() == [2]


def test_the_customers_own_gap_is_shrunk_towards_the_items():
    at_cutoff = dueness(WEEKLY.histories, usual_gap_days(WEEKLY), cutoff=CUTOFF)

    usual = by_pair(at_cutoff.usual_gap_days, at_cutoff)
    assert usual[0, "tea"] == pytest.approx(7)
    assert usual[1, "tea"] == pytest.approx((30 + PRIOR_GAPS * 7) / (1 + PRIOR_GAPS))
    assert by_pair(at_cutoff.days_since_last, at_cutoff)[1, "tea"] == 5
    assert len(usual) == 7  # each pair once


def test_an_unknown_gap_is_replaced_by_the_median_of_the_other_items():
    at_cutoff = dueness(WEEKLY.histories, usual_gap_days(WEEKLY), cutoff=CUTOFF)

    usual, due = by_pair(at_cutoff.usual_gap_days, at_cutoff), by_pair(at_cutoff.due, at_cutoff)
    assert usual[0, "milk"] == usual[2, "bread"] == 7
    assert due[0, "milk"]
    assert not due[2, "bread"]


def test_a_shop_without_repeat_purchases_uses_the_default_gap():
    log = interactions("ada 2024-01-01 tea")

    assert dueness(log.histories, usual_gap_days(log), cutoff=CUTOFF).usual_gap_days.tolist() == [DEFAULT_GAP_DAYS]


@pytest.mark.parametrize(("days", "due"), [(int(DUE_SHARE * 10) - 1, False), (int(DUE_SHARE * 10), True)])
def test_an_item_is_due_from_its_share_of_the_gap_on(days: int, due: bool):
    log = interactions("ada 2024-01-01 tea")

    at_cutoff = dueness(log.histories, np.array([10.0]), cutoff=date(2024, 1, 1 + days))

    assert at_cutoff.due.tolist() == [due]


def test_an_item_bought_after_the_cutoff_is_not_due():
    at_cutoff = dueness(WEEKLY.histories, usual_gap_days(WEEKLY), cutoff=date(2023, 12, 1))

    assert (at_cutoff.days_since_last == 0).all()
    assert not at_cutoff.due.any()


@every_recommender
@settings(deadline=None, max_examples=30)
@given(day=st.integers(1, 28), k=st.integers(1, 6), excluded=st.lists(st.sampled_from(ITEMS), max_size=3))
def test_items_that_are_not_due_are_excluded_and_no_others(
    recommender: Recommender, day: int, k: int, excluded: list[str]
):
    cutoff = date(2024, 2, day)
    early = dueness(WEEKLY.histories, usual_gap_days(WEEKLY), cutoff=cutoff)

    answer = recommender.recommend(
        WEEKLY.histories, k, cutoff=cutoff, exclusions=Exclusions(per_customer=[excluded] * 3, not_due=True)
    )

    for row in range(3):
        excluded_items = {*excluded, *WEEKLY.item_ids[early.items[(early.rows == row) & ~early.due]].tolist()}
        shown = [item for item in answer.item_id[row].tolist() if item]
        assert not excluded_items & set(shown)
        assert len(shown) == len(set(shown)) == min(k, len(set(ITEMS) - excluded_items))


@every_recommender
def test_an_item_bought_today_is_not_due_and_comes_back_later(recommender: Recommender):
    now = history("tea", among=WEEKLY)

    today, later = (
        recommender.recommend(now, 4, cutoff=cutoff, exclusions=Exclusions(not_due=True))
        for cutoff in (date(2024, 3, 1), date(2024, 4, 1))
    )

    assert "tea" not in today.item_id[0]
    assert "tea" in later.item_id[0]
