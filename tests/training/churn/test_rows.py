"""Recipes are compared at as many validation origins as tell something."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from core.feature_table import FeatureTable
from core.labels import Labels
from training.churn.rows import ChurnRows
from training.judging.folds import Folds

DAYS = tuple(date(2025, 1, 1) + timedelta(days=30 * month) for month in range(10))


def rows_with(n_churned: int) -> ChurnRows:
    """Ten cutoffs, 30 days of horizon; at each, this many customers churn and as many stay."""
    n = 2 * n_churned
    ids = np.tile([f"c{number}" for number in range(n)], len(DAYS))
    cutoffs = np.repeat(np.array(DAYS, "datetime64[D]"), n)
    outcomes = Labels(
        customer_ids=ids,
        cutoffs=cutoffs,
        churned=np.tile(np.arange(n) < n_churned, len(DAYS)),
        churned_at=np.full(len(ids), np.datetime64("NaT", "D")),
        cause=np.full(len(ids), ""),
        amount_after=np.zeros(len(ids)),
        observed_until=cutoffs + 30,
        horizon_days=30,
    )
    features = FeatureTable(ids, cutoffs, np.empty((len(ids), 0)), ())
    folds = Folds(train=DAYS[:-1], test=DAYS[-1], label_days=30)
    return ChurnRows(folds, features, outcomes, "active", np.zeros(len(ids), np.bool_))


@pytest.mark.parametrize(("n_churned", "n_origins"), [(100, 8), (200, 5), (500, 3)])
def test_the_newest_origins_are_used_until_they_hold_enough_churned_rows(n_churned, n_origins):
    rows = rows_with(n_churned)

    names = [fold.name for fold in rows.validation_folds()]

    assert names == [day.isoformat() for day in DAYS[9 - n_origins : 9]]


def test_the_card_names_the_origins_that_are_used():
    summary = rows_with(500).validation_summary

    assert summary.startswith("walk-forward, at 2025-06-30, 2025-07-30, 2025-08-29,"), summary


def contracts(*, is_daily: bool) -> ChurnRows:
    """Four cutoffs a month apart and a horizon of 90 days; c0 leaves on the 40th day after the first cutoff."""
    days = DAYS[:4]
    cutoffs = np.array(days, "datetime64[D]")
    left_on = np.datetime64(DAYS[0]) + 40
    ids = np.tile(["c0", "c1"], len(days))
    rows = np.repeat(cutoffs, 2)
    churned = (ids == "c0") & (rows <= left_on)
    outcomes = Labels(
        customer_ids=ids,
        cutoffs=rows,
        churned=churned,
        churned_at=np.where(churned, left_on, np.datetime64("NaT", "D")),
        cause=np.full(len(ids), ""),
        amount_after=np.zeros(len(ids)),
        observed_until=np.full(len(ids), np.datetime64(DAYS[-1]) + 200),
        horizon_days=90,
        is_daily=is_daily,
    )
    folds = Folds(train=days[:1], purged=days[1:3], test=days[3], label_days=90, delay_days=10)
    return ChurnRows(
        folds, FeatureTable(ids, rows, np.empty((len(ids), 0)), ()), outcomes, "active", np.zeros(len(ids), np.bool_)
    )


def test_a_training_knows_of_open_windows_what_was_certain_by_its_day():
    fit_rows = contracts(is_daily=True).select_fit_rows(DAYS[3])

    # On the 90th day, the first window is over, and 50 days of the second are certain; 20 of the third are too few.
    assert fit_rows.rows.tolist() == [True, True, True, True, False, False, False, False]
    assert fit_rows.outcomes.churned.tolist()[:4] == [True, False, True, False]
    assert contracts(is_daily=True).select_fit_rows(DAYS[2]).outcomes.churned.tolist()[:2] == [True, False]
    assert not contracts(is_daily=True).select_fit_rows(DAYS[1]).outcomes.churned.any()


def test_where_churn_is_an_inactivity_only_complete_windows_are_known():
    assert contracts(is_daily=False).select_fit_rows(DAYS[3]).rows.tolist() == [True, True, *[False] * 6]
