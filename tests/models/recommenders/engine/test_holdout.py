"""Hold-out folds."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from core.errors import UnknownName
from core.interactions import Histories
from models.recommenders.engine.holdout import holdout_folds
from tests.baskets import checkerboard, interactions

LOG = interactions(
    "ada 2024-02-01 tea", "ada 2024-02-08 jam", "ada 2024-02-20 milk", "bo 2024-02-03 tea", "cyd 2024-02-05 tea",
    "cyd 2024-02-10 jam", "- 2024-02-25 salt",
)  # fmt: skip
CUTOFF = date(2024, 3, 1)


def item_ids_of(histories: Histories) -> list[str]:
    return histories.item_ids[histories.items].tolist()


def test_the_last_basket_of_each_customer_is_held_out_on_its_own_day():
    (fold,) = holdout_folds("last_basket", LOG, cutoff=CUTOFF, days=28, n_folds=1, seed=7)

    assert item_ids_of(fold.truth) == ["milk", "jam"]
    assert item_ids_of(fold.histories) == ["tea", "jam", "tea"]
    assert fold.days.astype(str).tolist() == ["2024-02-20", "2024-02-10"]


def test_training_data_end_before_the_last_days():
    (fold,) = holdout_folds("last_days", LOG, cutoff=CUTOFF, days=14, n_folds=1, seed=7)

    assert fold.cutoff == date(2024, 2, 16)
    assert (fold.training.times < np.datetime64(fold.cutoff)).all()
    assert not len(fold.training.anonymous_times)
    assert item_ids_of(fold.truth) == ["milk"]


def test_each_fold_is_earlier_than_the_previous_one():
    first, second = holdout_folds("last_basket", LOG, cutoff=CUTOFF, days=28, n_folds=5, seed=7)

    assert (item_ids_of(first.truth), item_ids_of(second.truth)) == (["milk", "jam"], ["jam"])


def test_where_times_do_not_vary_a_fifth_of_each_customers_items_is_held_out():
    (fold,) = holdout_folds("last_days", checkerboard(22), cutoff=CUTOFF, days=28, n_folds=1, seed=7)

    assert fold.new_only
    assert np.diff(fold.truth.indptr).tolist() == [2] * 22
    assert not set(zip(fold.truth.customers, fold.truth.items, strict=True)) & set(
        zip(fold.histories.customers, fold.histories.items, strict=True)
    )


def test_bought_marks_the_items_of_the_truth_by_customer():
    (fold,) = holdout_folds("last_basket", LOG, cutoff=CUTOFF, days=28, n_folds=1, seed=7)

    assert [fold.truth.item_ids[row].tolist() for row in fold.is_bought] == [["milk"], ["jam"]]


def test_seen_items_score_zero_only_where_new_items_alone_count():
    (once,) = holdout_folds("last_days", checkerboard(22), cutoff=CUTOFF, days=28, n_folds=1, seed=7)
    (again,) = holdout_folds("last_basket", LOG, cutoff=CUTOFF, days=28, n_folds=1, seed=7)
    without_seen, with_seen = (np.ones((len(fold), len(fold.truth.item_ids)), np.float32) for fold in (once, again))

    once.zero_out_seen([without_seen])
    again.zero_out_seen([with_seen])

    assert [np.flatnonzero(row == 0).tolist() for row in without_seen] == [
        sorted(set(items)) for items in np.split(once.histories.items, once.histories.indptr[1:-1])
    ]
    assert with_seen.all()


def test_an_unknown_fold_is_refused():
    with pytest.raises(UnknownName, match="last_basket"):
        holdout_folds("last_baskets", LOG, cutoff=CUTOFF, days=28, n_folds=1, seed=7)
