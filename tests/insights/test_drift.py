"""Drift is seen where the world moved, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import DataError
from core.feature_table import FeatureColumn, FeatureTable
from core.labels import Labels
from insights.drift import feature_drift, label_drift, stability_index


def table(**columns: np.ndarray) -> FeatureTable:
    n = len(next(iter(columns.values())))
    meanings = tuple(
        FeatureColumn(name=name, family="recency", unit="days", en=name, ja=name, missing="never", digest="0")
        for name in columns
    )
    ids = np.array([f"c{i}" for i in range(n)])
    return FeatureTable(ids, np.full(n, np.datetime64("2024-03-01")), np.column_stack(list(columns.values())), meanings)


def outcomes(churned_by_cutoff: dict[str, list[bool]], observed_until: str) -> Labels:
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


def test_the_same_sample_has_not_moved():
    values = np.random.default_rng(1).normal(size=1000)

    assert stability_index(values, values[::-1]) == pytest.approx(0)


def test_a_shift_of_one_spread_is_a_change_and_noise_is_none():
    random = np.random.default_rng(1)
    before = random.normal(size=5000)

    assert stability_index(before, random.normal(size=5000)) < 0.02
    assert stability_index(before, random.normal(loc=1, size=5000)) > 0.25


def test_values_that_went_missing_are_a_change():
    before = np.arange(1000.0)
    after = np.where(np.arange(1000) % 2, np.nan, before)

    assert stability_index(before, after) > 0.25


def test_the_furthest_moved_feature_comes_first():
    random = np.random.default_rng(1)
    calm, moved = random.normal(size=500), random.normal(size=500)

    drifts = feature_drift(table(calm=calm, moved=moved), table(calm=calm, moved=moved + 2))

    assert [drift.feature for drift in drifts] == ["moved", "calm"]


def test_different_columns_are_not_compared():
    with pytest.raises(DataError, match="same features"):
        feature_drift(table(a=np.zeros(3)), table(b=np.zeros(3)))


def test_the_churn_rate_of_each_mature_cutoff_is_told_and_no_other():
    rates = label_drift(
        outcomes({"2024-01-01": [True, False], "2024-02-01": [True, True], "2024-06-01": [False]}, "2024-04-01")
    )

    assert [(rate.cutoff.isoformat(), rate.n_customers, rate.churn_rate.value) for rate in rates] == [
        ("2024-01-01", 2, 0.5),
        ("2024-02-01", 2, 1.0),
    ]
