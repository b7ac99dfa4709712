"""What a second stage learns from."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from core.errors import UnknownName
from core.interactions import Histories
from models.recommenders.engine.later_fold import later_folds
from tests.baskets import bought, checkerboard

LOG = bought(
    "ada 2024-02-01 tea", "ada 2024-02-08 jam", "ada 2024-02-20 milk", "bo 2024-02-03 tea", "cyd 2024-02-05 tea",
    "cyd 2024-02-10 jam", "- 2024-02-25 salt",
)  # fmt: skip
CUTOFF = date(2024, 3, 1)


def named(histories: Histories) -> list[str]:
    return histories.item_ids[histories.items].tolist()


def test_the_last_basket_of_each_is_asked_for_on_its_own_day():
    (fold,) = later_folds("last_basket", LOG, CUTOFF, 28, 1, 7)

    assert named(fold.truth) == ["milk", "jam"]
    assert named(fold.asking) == ["tea", "jam", "tea"]
    assert fold.asked_on.astype(str).tolist() == ["2024-02-20", "2024-02-10"]


def test_of_the_last_days_nothing_is_known_earlier():
    (fold,) = later_folds("last_days", LOG, CUTOFF, 14, 1, 7)

    assert fold.cutoff == date(2024, 2, 16)
    assert (fold.earlier.times < np.datetime64(fold.cutoff)).all()
    assert not len(fold.earlier.anonymous_times)
    assert named(fold.truth) == ["milk"]


def test_each_fold_is_further_back_than_the_one_before():
    first, second = later_folds("last_basket", LOG, CUTOFF, 28, 5, 7)

    assert (named(first.truth), named(second.truth)) == (["milk", "jam"], ["jam"])


def test_where_times_do_not_vary_a_fifth_of_each_customers_items_is_held_out():
    (fold,) = later_folds("last_days", checkerboard(22), CUTOFF, 28, 1, 7)

    assert fold.new_only
    assert np.diff(fold.truth.indptr).tolist() == [2] * 22
    assert not set(zip(fold.truth.customers, fold.truth.items, strict=True)) & set(
        zip(fold.asking.customers, fold.asking.items, strict=True)
    )


def test_what_was_bought_then_is_told_by_customer_and_item():
    (fold,) = later_folds("last_basket", LOG, CUTOFF, 28, 1, 7)

    assert [fold.truth.item_ids[row].tolist() for row in fold.bought] == [["milk"], ["jam"]]


def test_seen_items_are_barred_only_where_new_ones_alone_count():
    (once,) = later_folds("last_days", checkerboard(22), CUTOFF, 28, 1, 7)
    (again,) = later_folds("last_basket", LOG, CUTOFF, 28, 1, 7)
    barred, kept = (np.ones((len(fold), len(fold.truth.item_ids))) for fold in (once, again))

    once.bar([barred])
    again.bar([kept])

    assert [np.flatnonzero(row == 0).tolist() for row in barred] == [
        sorted(set(items)) for items in np.split(once.asking.items, once.asking.indptr[1:-1])
    ]
    assert kept.all()


def test_an_unknown_fold_is_refused():
    with pytest.raises(UnknownName, match="last_basket"):
        later_folds("last_baskets", LOG, CUTOFF, 28, 1, 7)
