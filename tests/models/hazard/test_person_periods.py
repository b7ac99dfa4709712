"""Which periods of which customers a hazard learns from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.feature_table import FeatureColumn, FeatureTable
from core.labels import Labels
from models.hazard.person_periods import PersonPeriods, period_values

CUTOFF = np.datetime64("2024-01-01")


def outcomes(*lives: tuple[int | None, int]) -> Labels:
    """Lives of (day of leaving, days observed), followed for 90 days."""
    n = len(lives)
    left = [CUTOFF + day if day is not None else np.datetime64("NaT") for day, _ in lives]
    return Labels(
        customer_ids=np.array([f"c{i}" for i in range(n)]),
        cutoffs=np.full(n, CUTOFF),
        churned=np.array([day is not None for day, _ in lives]),
        churned_at=np.array(left, "datetime64[D]"),
        cause=np.full(n, ""),
        amount_after=np.zeros(n),
        observed_until=np.array([CUTOFF + observed for _, observed in lives], "datetime64[D]"),
        horizon_days=90,
    )


def told(*lives: tuple[int | None, int], gap_days: int = 0) -> list[tuple[int, int, bool]]:
    found = PersonPeriods.of(replace(outcomes(*lives), gap_days=gap_days), 30)
    return list(zip(found.rows.tolist(), found.periods.tolist(), found.churned.tolist(), strict=True))


def test_who_leaves_in_the_third_period_stayed_for_two():
    assert told((65, 200)) == [(0, 0, False), (0, 1, False), (0, 2, True)]


def test_who_stays_counts_in_every_period_of_the_horizon():
    assert told((None, 200)) == [(0, 0, False), (0, 1, False), (0, 2, False)]


def test_a_period_that_was_not_seen_to_its_end_counts_for_nobody():
    assert told((None, 59), (40, 59)) == [(0, 0, False), (1, 0, False)]


def test_who_leaves_on_a_period_s_first_day_leaves_in_it():
    assert told((30, 90), (29, 90)) == [(0, 0, False), (0, 1, True), (1, 0, True)]


def test_periods_begin_after_the_gap():
    assert told((40, 67), gap_days=7) == [(0, 0, False), (0, 1, True)]


def test_a_sample_holds_whole_customers():
    lives = outcomes(*[(None, 90)] * 40)

    found = PersonPeriods.of(lives, 30).sampled(lives.customer_ids, 60, seed=1)

    assert len(found) == 60
    assert set(np.bincount(found.rows).tolist()) <= {0, 3}


def test_a_yearly_contract_renews_again_after_a_year():
    names = ("days_to_renewal", "longest_term_months")
    columns = tuple(FeatureColumn(name, "s", "", "", "", "", "d") for name in names)
    values = np.array([[45.0, 12.0], [45.0, np.nan]])
    features = FeatureTable(np.array(["a", "b"]), np.full(2, CUTOFF), values, columns)

    found = period_values(features, np.array([0, 0, 0, 1, 1]), np.array([0, 1, 2, 1, 2]), 30)[:, 1]

    assert found.tolist()[:2] == [45.0, 15.0]
    assert found[2] == 45 - 60 + 365.25
    np.testing.assert_array_equal(found[3:], [15.0, np.nan])
