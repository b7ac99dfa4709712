"""Person-periods: which periods of which customers a hazard model is fitted on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.feature_table import FeatureColumn, FeatureTable
from core.labels import Labels
from models.hazard.person_periods import PersonPeriods, period_values

CUTOFF = np.datetime64("2024-01-01")


def outcomes(*lives: tuple[int | None, int]) -> Labels:
    """Outcomes from (day of churn, days observed), over a horizon of 90 days."""
    n = len(lives)
    churned_at = [CUTOFF + day if day is not None else np.datetime64("NaT") for day, _ in lives]
    return Labels(
        customer_ids=np.array([f"c{i}" for i in range(n)]),
        cutoffs=np.full(n, CUTOFF),
        churned=np.array([day is not None for day, _ in lives]),
        churned_at=np.array(churned_at, "datetime64[D]"),
        cause=np.full(n, ""),
        amount_after=np.zeros(n),
        observed_until=np.array([CUTOFF + observed for _, observed in lives], "datetime64[D]"),
        horizon_days=90,
    )


def periods_of(*lives: tuple[int | None, int], gap_days: int = 0) -> list[tuple[int, int, bool]]:
    rows = PersonPeriods.of(replace(outcomes(*lives), gap_days=gap_days), 30)
    return list(zip(rows.rows.tolist(), rows.periods.tolist(), rows.churned.tolist(), strict=True))


def test_a_customer_who_churns_in_the_third_period_survived_two():
    assert periods_of((65, 200)) == [(0, 0, False), (0, 1, False), (0, 2, True)]


def test_a_retained_customer_counts_in_every_period_of_the_horizon():
    assert periods_of((None, 200)) == [(0, 0, False), (0, 1, False), (0, 2, False)]


def test_a_period_that_was_not_observed_to_its_end_counts_for_no_customer():
    assert periods_of((None, 59), (40, 59)) == [(0, 0, False), (1, 0, False)]


def test_churn_on_the_first_day_of_a_period_belongs_to_it():
    assert periods_of((30, 90), (29, 90)) == [(0, 0, False), (0, 1, True), (1, 0, True)]


def test_periods_begin_after_the_gap():
    assert periods_of((40, 67), gap_days=7) == [(0, 0, False), (0, 1, True)]


def test_a_sample_contains_whole_customers():
    lives = outcomes(*[(None, 90)] * 40)

    sample = PersonPeriods.of(lives, 30).sample(lives.customer_ids, limit=60, seed=1)

    assert len(sample) == 60
    assert set(np.bincount(sample.rows).tolist()) <= {0, 3}


def test_a_yearly_contract_renews_again_after_a_year():
    names = ("days_to_renewal", "longest_term_months")
    columns = tuple(
        FeatureColumn(name=name, family="s", unit="", en="", ja="", missing="", digest="d") for name in names
    )
    values = np.array([[45.0, 12.0], [45.0, np.nan]])
    features = FeatureTable(np.array(["a", "b"]), np.full(2, CUTOFF), values, columns)

    rows, periods = np.array([0, 0, 0, 1, 1]), np.array([0, 1, 2, 1, 2])
    days = period_values(features, rows, periods=periods, period_days=30)[:, 1]

    assert days.tolist()[:2] == [45.0, 15.0]
    assert days[2] == 45 - 60 + 365.25
    np.testing.assert_array_equal(days[3:], [15.0, np.nan])
