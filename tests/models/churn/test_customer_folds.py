"""Settings are chosen on as many held-out customers as tell something."""

from __future__ import annotations

import numpy as np
import pytest

from models.calibration import Platt
from models.churn.customer_folds import TrainingRows, mean_log_loss


def rows_of(n_customers: int, *, churn_rate: float = 0.5) -> TrainingRows:
    """Each customer has two rows; the first customers churned."""
    ids = np.repeat([f"c{number}" for number in range(n_customers)], 2)
    churned = np.repeat(np.arange(n_customers) < churn_rate * n_customers, 2).astype(np.float64)
    return TrainingRows(np.empty((len(ids), 0)), churned, ids)


@pytest.mark.parametrize(
    ("n_customers", "churn_rate", "n_folds"), [(2_000, 0.5, 5), (10_000, 0.5, 1), (10_000, 0.9, 5), (10_000, 0.3, 2)]
)
def test_folds_are_held_out_until_they_hold_enough_customers_of_each_class(n_customers, churn_rate, n_folds):
    assert len(rows_of(n_customers, churn_rate=churn_rate).hold_out_folds(seed=0)) == n_folds


def test_each_held_out_fold_has_all_rows_of_its_customers():
    rows = rows_of(10_000, churn_rate=0.3)

    first, second = (set(rows.customer_ids[held]) for held in rows.hold_out_folds(seed=0))

    assert len(first) == len(second) == 2_000
    assert not first & second


def test_a_row_without_a_held_out_prediction_counts_in_no_loss_and_in_no_calibration():
    log_odds, churned = np.array([1.0, -1.0, 2.0, -2.0]), np.array([1.0, 0.0, 0.0, 1.0])
    with_gaps, with_more = np.append(log_odds, [np.nan] * 3), np.append(churned, [1.0, 1.0, 1.0])

    rows, more = (
        TrainingRows(np.empty((len(one), 0)), one, np.arange(len(one)).astype(str)) for one in (churned, with_more)
    )
    assert mean_log_loss(with_gaps, more) == mean_log_loss(log_odds, rows)
    assert Platt.fit(with_gaps, with_more) == Platt.fit(log_odds, churned)


@pytest.mark.parametrize(
    ("n_customers", "churn_rate", "share"),
    [(9_000, 0.5, 1.0), (50_000, 0.5, 0.1), (50_000, 0.04, 0.25), (50_000, 0.01, 1)],
)
def test_refits_take_small_samples_only_where_these_hold_enough_rows_of_each_class(n_customers, churn_rate, share):
    rows = rows_of(n_customers, churn_rate=churn_rate)

    (weights,) = rows.resample(1, seed=0)

    is_bootstrap = share == 1
    assert (rows.resample_scale == 1) == is_bootstrap
    assert (weights > 0).mean() == pytest.approx(1 - np.exp(-1) if is_bootstrap else share, abs=0.02)
