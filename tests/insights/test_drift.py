"""Drift is reported where the data have moved, and only there."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from core.errors import DataError
from core.feature_table import FeatureColumn, FeatureTable
from core.labels import Labels
from core.model_card import ModelCard
from insights.drift import estimate_churn_rates, measure_drift, measure_feature_drift, population_stability_index
from tests.worlds import config, shop


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


def churn_card(*features: str, training_cutoffs: tuple[date, ...]) -> ModelCard:
    return ModelCard(
        kind="churn", data_set="world", model="logistic", created_at=datetime(2024, 6, 1, tzinfo=UTC),
        cutoff=max(training_cutoffs), training_cutoffs=training_cutoffs, test_cutoff=max(training_cutoffs),
        cohort="all customers", n_rows=80, n_customers=40, settings={}, features=dict.fromkeys(features, "0"),
    )  # fmt: skip


def test_a_feature_of_the_model_shifts_when_customers_spend_ten_times_as_much_today():
    purchases = [
        f"c{customer} 2024-{month:02d}-10 {(100 if month > 8 else 10) + customer}"
        for customer in range(40)
        for month in range(1, 13)
        if customer or month < 5  # c0 buys in the first months only
    ]
    tables = shop(*purchases, settings=config(watermark=date(2024, 12, 31)))
    trained_at = (date(2024, 4, 15), date(2024, 5, 15))
    card = churn_card("net_spend_90d", "days_since_last_purchase", training_cutoffs=trained_at)

    drift = measure_drift(tables, card, label_cutoffs=[date(2024, 6, 15)])

    assert [feature.feature for feature in drift.features if feature.is_shifted][:1] == ["net_spend_90d"]
    assert {feature.feature for feature in drift.features} == {"net_spend_90d", "days_since_last_purchase"}
    assert (drift.n_training_rows, drift.n_customers, drift.cutoff) == (80, 39, date(2024, 12, 31))
    assert [(churn.cutoff, churn.n_customers) for churn in drift.churn_rates] == [
        (date(2024, 4, 15), 40), (date(2024, 5, 15), 40), (date(2024, 6, 15), 40),
    ]  # fmt: skip
    assert all(churn.rate.value == pytest.approx(1 / 40) for churn in drift.churn_rates)
