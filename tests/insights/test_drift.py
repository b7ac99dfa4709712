"""Drift is reported where the data have moved, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import DataError
from core.feature_table import FeatureColumn, FeatureTable
from core.labels import Labels
from insights.drift import estimate_churn_rates, measure_feature_drift, population_stability_index


def table(**columns: np.ndarray) -> FeatureTable:
    n = len(next(iter(columns.values())))
    columns_of = tuple(
        FeatureColumn(name=name, family="recency", unit="days", en=name, ja=name, missing="never", digest="0")
        for name in columns
    )
    ids = np.array([f"c{i}" for i in range(n)])
    return FeatureTable(
        ids, np.full(n, np.datetime64("2024-03-01")), np.column_stack(list(columns.values())), columns_of
    )


def labels(churned_by_cutoff: dict[str, list[bool]], observed_until: str) -> Labels:
    cutoffs = np.concatenate([np.full(len(c), np.datetime64(day)) for day, c in churned_by_cutoff.items()])
    churned = np.concatenate([np.array(c) for c in churned_by_cutoff.values()])
    n = len(churned)
    return Labels(
        customer_ids=np.array([f"c{i}" for i in range(n)]),
        cutoffs=cutoffs,
        churned=churned,
        churned_at=np.full(n, np.datetime64("NaT"), dtype="datetime64[D]"),
        cause=np.full(n, ""),
        amount_after=np.zeros(n),
        observed_until=np.full(n, np.datetime64(observed_until)),
        horizon_days=30,
    )


def test_the_psi_of_a_sample_with_itself_is_zero():
    values = np.random.default_rng(1).normal(size=1000)

    assert population_stability_index(values, values[::-1]) == pytest.approx(0)


def test_a_shift_by_one_standard_deviation_is_a_shift_and_noise_is_none():
    random = np.random.default_rng(1)
    before = random.normal(size=5000)

    assert population_stability_index(before, random.normal(size=5000)) < 0.02
    assert population_stability_index(before, random.normal(loc=1, size=5000)) > 0.25


def test_values_that_go_missing_are_a_shift():
    before = np.arange(1000.0)
    after = np.where(np.arange(1000) % 2, np.nan, before)

    assert population_stability_index(before, after) > 0.25


def test_the_feature_with_the_highest_psi_comes_first():
    random = np.random.default_rng(1)
    calm, moved = random.normal(size=500), random.normal(size=500)

    drifts = measure_feature_drift(table(calm=calm, moved=moved), table(calm=calm, moved=moved + 2))

    assert [drift.feature for drift in drifts] == ["moved", "calm"]


def test_tables_with_different_columns_raise_an_error():
    with pytest.raises(DataError, match="same features"):
        measure_feature_drift(table(a=np.zeros(3)), table(b=np.zeros(3)))


def test_churn_rates_cover_mature_cutoffs_only():
    rates = estimate_churn_rates(
        labels({"2024-01-01": [True, False], "2024-02-01": [True, True], "2024-06-01": [False]}, "2024-04-01")
    )

    assert [(rate.cutoff.isoformat(), rate.n_customers, rate.rate.value) for rate in rates] == [
        ("2024-01-01", 2, 0.5),
        ("2024-02-01", 2, 1.0),
    ]
