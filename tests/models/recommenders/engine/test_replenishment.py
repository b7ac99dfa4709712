"""When an item is due again."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.protocols import Exclusions, Recommender
from models.recommenders.engine.replenishment import DEFAULT_GAP_DAYS, DUE_SHARE, PRIOR_GAPS, dueness, usual_gap_days
from tests.baskets import bought, history
from tests.corner_shop import every_recommender_on

WEEKLY = bought(
    "ada 2024-01-01 tea", "ada 2024-01-08 tea", "ada 2024-01-15 tea milk", "bo 2024-01-01 tea milk",
    "bo 2024-01-31 tea jam", "cyd 2024-02-03 milk bread",
)  # fmt: skip
CUTOFF = date(2024, 2, 5)
FITTED = every_recommender_on(WEEKLY, CUTOFF)
ITEMS = WEEKLY.item_ids.tolist()

every_recommender = pytest.mark.parametrize("recommender", FITTED.values(), ids=FITTED.keys())


def pairs(of: np.ndarray, at_cutoff) -> dict[tuple[int, str], float]:
    named = WEEKLY.item_ids[at_cutoff.items].tolist()
    return dict(zip(zip(at_cutoff.rows.tolist(), named, strict=True), of.tolist(), strict=True))


def test_an_items_gap_is_the_median_over_everybodys_repetitions():
    assert usual_gap_days(WEEKLY)[ITEMS.index("tea")] == 7  # of 7, 7 and 30


def test_an_even_number_of_gaps_has_the_mean_of_the_middle_two():
    log = bought("ada 2024-01-01 tea", "ada 2024-01-02 tea", "ada 2024-01-05 tea", "ada 2024-01-10 tea",
                 "ada 2024-01-30 tea")  # fmt: skip

    assert usual_gap_days(log).tolist() == [4]  # of 1, 3, 5 and 20


def test_a_gap_of_few_repetitions_is_not_known():
    gaps = usual_gap_days(WEEKLY)

    assert np.isnan(gaps[[ITEMS.index(item) for item in ("milk", "jam", "bread")]]).all()


def test_two_purchases_of_one_day_are_no_gap():
    log = bought("ada 2024-01-01T09:00 tea", "ada 2024-01-01T18:00 tea", "ada 2024-01-03 tea",
                 "ada 2024-01-05 tea", "ada 2024-01-07T23:59 tea")  # fmt: skip

    assert usual_gap_days(log).tolist() == [2]


def test_the_customers_own_gap_is_shrunk_towards_the_items():
    at_cutoff = dueness(WEEKLY.histories, usual_gap_days(WEEKLY), CUTOFF)

    usual = pairs(at_cutoff.usual_gap_days, at_cutoff)
    assert usual[0, "tea"] == pytest.approx(7)
    assert usual[1, "tea"] == pytest.approx((30 + PRIOR_GAPS * 7) / (1 + PRIOR_GAPS))
    assert pairs(at_cutoff.days_since_last, at_cutoff)[1, "tea"] == 5
    assert len(usual) == 7  # each pair once


def test_where_an_items_gap_is_unknown_that_of_the_other_items_stands_in():
    at_cutoff = dueness(WEEKLY.histories, usual_gap_days(WEEKLY), CUTOFF)

    usual, due = pairs(at_cutoff.usual_gap_days, at_cutoff), pairs(at_cutoff.due, at_cutoff)
    assert usual[0, "milk"] == usual[2, "bread"] == 7
    assert due[0, "milk"]
    assert not due[2, "bread"]


def test_in_a_shop_where_nothing_is_repeated_the_usual_gap_is_a_stated_one():
    log = bought("ada 2024-01-01 tea")

    assert dueness(log.histories, usual_gap_days(log), CUTOFF).usual_gap_days.tolist() == [DEFAULT_GAP_DAYS]


@pytest.mark.parametrize(("days", "due"), [(int(DUE_SHARE * 10) - 1, False), (int(DUE_SHARE * 10), True)])
def test_an_item_is_due_from_its_share_of_the_gap_on(days: int, due: bool):
    log = bought("ada 2024-01-01 tea")

    at_cutoff = dueness(log.histories, np.array([10.0]), date(2024, 1, 1 + days))

    assert at_cutoff.due.tolist() == [due]


def test_what_is_bought_after_the_cutoff_is_not_due():
    at_cutoff = dueness(WEEKLY.histories, usual_gap_days(WEEKLY), date(2023, 12, 1))

    assert (at_cutoff.days_since_last == 0).all()
    assert not at_cutoff.due.any()


@every_recommender
@settings(deadline=None, max_examples=30)
@given(day=st.integers(1, 28), k=st.integers(1, 6), excluded=st.lists(st.sampled_from(ITEMS), max_size=3))
def test_what_is_not_due_is_never_shown_and_all_else_is(
    recommender: Recommender, day: int, k: int, excluded: list[str]
):
    cutoff = date(2024, 2, day)
    early = dueness(WEEKLY.histories, usual_gap_days(WEEKLY), cutoff)

    answer = recommender.recommend(WEEKLY.histories, k, cutoff, Exclusions(per_customer=[excluded] * 3, not_due=True))

    for row in range(3):
        barred = {*excluded, *WEEKLY.item_ids[early.items[(early.rows == row) & ~early.due]].tolist()}
        shown = [item for item in answer.item_id[row].tolist() if item]
        assert not barred & set(shown)
        assert len(shown) == len(set(shown)) == min(k, len(set(ITEMS) - barred))


@every_recommender
def test_a_purchase_of_now_is_not_due_and_comes_back_later(recommender: Recommender):
    now = history("tea", among=WEEKLY)

    today, later = (
        recommender.recommend(now, 4, cutoff, Exclusions(not_due=True))
        for cutoff in (date(2024, 3, 1), date(2024, 4, 1))
    )

    assert "tea" not in today.item_id[0]
    assert "tea" in later.item_id[0]
