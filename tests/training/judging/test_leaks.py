"""Leak detection finds features that were written after the customer left, and accepts honest ones."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.feature_table import FeatureColumn, FeatureTable
from tests.models.churn.worlds import coin_toss, outcomes_of
from training.judging.leaks import LIMITS, LabelledRows, LeakTrial, find_leaks, too_few_rows

TELCO = Path(os.environ.get("KIZUNA_DATA", "../shared/data")) / "telco"


def buyers(n: int, seed: int) -> LabelledRows:
    """Customers who buy at their own rate until they drop out, seen after 360 days; churned: no purchase in 60 more."""
    random, days = np.random.default_rng(seed), 360
    rate = random.gamma(1.5, 1 / 40, n)
    dropped_out = random.exponential(400, n)
    gaps = random.exponential(1 / rate[:, None], (n, 200))
    bought = np.cumsum(gaps, axis=1)
    bought[bought > dropped_out[:, None]] = np.inf
    past = np.where(bought < days, bought, np.nan)
    active = (past > days - 180).sum(axis=1) > 0
    churned = ((bought >= days) & (bought < days + 60)).sum(axis=1) == 0
    features = {f"orders_{window}d": (past >= days - window).sum(axis=1) for window in (7, 30, 90, 180, 360)}
    features["days_since_last_purchase"] = days - np.max(np.nan_to_num(past), axis=1)
    features["days_since_first_purchase"] = days - past[:, 0]
    features["mean_gap_days"] = (features["days_since_first_purchase"] - features["days_since_last_purchase"]) / (
        np.maximum(features["orders_360d"] - 1, 1)
    )
    features["recency_vs_usual_gap"] = features["days_since_last_purchase"] / (features["mean_gap_days"] + 1)
    return LabelledRows(table(**features).take(active), outcomes_of(churned).take(active))


def table(**features: np.ndarray) -> FeatureTable:
    n = len(next(iter(features.values())))
    columns = tuple(
        FeatureColumn(name=name, family="any", unit="", en=name, ja=name, missing="", digest=name) for name in features
    )
    ids = outcomes_of(np.zeros(n)).customer_ids
    return FeatureTable(ids, np.full(n, np.datetime64("2024-03-01")), np.column_stack(list(features.values())), columns)


def with_feature(rows: LabelledRows, name: str, values: np.ndarray, *, as_of_today: bool = False) -> LabelledRows:
    features = rows.features
    column = FeatureColumn(
        name=name, family="any", unit="", en=name, ja=name, missing="", digest=name, as_of_today=as_of_today
    )
    widened = replace(features, values=np.column_stack([features.values, values]), columns=(*features.columns, column))
    return LabelledRows(widened, rows.outcomes)


def satisfaction_at_cancellation(rows: LabelledRows, seed: int, *, share: float = 1.0) -> np.ndarray:
    """A score that this share of cancelling customers gave, and a few others."""
    random, churned = np.random.default_rng(seed), rows.outcomes.churned
    is_asked = np.where(churned, random.random(len(churned)) < share, random.random(len(churned)) < 0.05)
    given = np.where(churned, random.integers(1, 3, len(churned)), random.integers(2, 6, len(churned)))
    return np.where(is_asked, given, np.nan)


@pytest.mark.parametrize("seed", range(3))
def test_honest_features_are_accepted(seed):
    assert find_leaks(buyers(1500, seed), buyers(1500, seed + 100)) == ()


def test_a_satisfaction_score_recorded_at_cancellation_is_a_leak():
    earlier, later = buyers(1500, 1), buyers(1500, 2)
    leaking = [
        with_feature(rows, "satisfaction", satisfaction_at_cancellation(rows, seed))
        for seed, rows in enumerate((earlier, later))
    ]

    (leak,) = find_leaks(leaking[0], leaking[1])

    assert leak.feature == "satisfaction"
    assert "alone it has an AUC of 0.9" in leak.finding


def test_a_leak_about_some_of_the_churned_customers_is_found_by_removal():
    earlier, later = buyers(1500, 1), buyers(1500, 2)
    leaking = [
        with_feature(rows, "satisfaction", satisfaction_at_cancellation(rows, seed, share=0.5))
        for seed, rows in enumerate((earlier, later))
    ]

    (leak,) = find_leaks(leaking[0], leaking[1])

    assert leak.feature == "satisfaction"
    assert "without it the AUC falls" in leak.finding


def test_with_few_churned_customers_removals_are_not_measured():
    earlier, later = (
        with_feature(rows, "satisfaction", satisfaction_at_cancellation(rows, seed, share=0.8))
        for seed, rows in enumerate((buyers(1500, 1), buyers(1500, 2)))
    )
    churned = later.outcomes.churned
    few = np.concatenate([np.flatnonzero(churned)[:15], np.flatnonzero(~churned)[:200]])
    few_rows = LabelledRows(later.features.take(few), later.outcomes.take(few))

    assert find_leaks(earlier, few_rows) == ()
    (sentence,) = too_few_rows(few_rows.outcomes)
    assert "of 215 customers at the test cutoff 15 churned" in sentence
    assert too_few_rows(later.outcomes) == ()
    (leak,) = find_leaks(earlier, few_rows, limits=replace(LIMITS, min_rows=0))
    assert leak.feature == "satisfaction"


def test_a_leak_is_found_even_with_a_copy():
    earlier, later = buyers(1500, 1), buyers(1500, 2)
    leaking = []
    for seed, rows in enumerate((earlier, later)):
        scores = satisfaction_at_cancellation(rows, seed, share=0.5)
        leaking.append(with_feature(with_feature(rows, "satisfaction", scores), "satisfaction_percent", scores * 20))

    leaks = find_leaks(leaking[0], leaking[1])

    assert [leak.feature for leak in leaks] == ["satisfaction", "satisfaction_percent"]


def test_an_attribute_without_a_date_has_a_stricter_limit():
    def leaking(seed: int, as_of_today: bool) -> LabelledRows:
        rows = buyers(2500, seed)
        scores = satisfaction_at_cancellation(rows, seed, share=0.2)
        return with_feature(rows, "status", scores, as_of_today=as_of_today)

    assert find_leaks(leaking(1, as_of_today=False), leaking(2, as_of_today=False)) == ()
    (leak,) = find_leaks(leaking(1, as_of_today=True), leaking(2, as_of_today=True))
    assert leak.feature == "status"


def test_there_is_no_leak_where_churn_is_random():
    assert find_leaks(LabelledRows(*coin_toss(1000, 1)), LabelledRows(*coin_toss(1000, 2))) == ()


@pytest.mark.skipif(not TELCO.is_dir(), reason="needs the telco tables of KIZUNA_DATA")
def test_in_telco_only_the_satisfaction_score_is_a_leak():
    rows = telco()
    is_earlier = np.random.default_rng(1).random(len(rows.outcomes)) < 0.5
    halves = (LabelledRows(rows.features.take(half), rows.outcomes.take(half)) for half in (is_earlier, ~is_earlier))

    leaks = find_leaks(*halves)

    assert [leak.feature for leak in leaks] == ["Satisfaction Score"]


def telco() -> LabelledRows:
    """Services and the satisfaction score of 7,043 customers; the score was asked after churn was known."""
    import pyarrow.parquet as pq

    services, status = (pq.read_table(TELCO / f"{name}.parquet") for name in ("services", "status"))
    services = services.drop_columns(["Service ID", "Count", "Quarter"])
    joined = services.join(status.select(["Customer ID", "Satisfaction Score", "Churn Value"]), "Customer ID")
    joined = joined.sort_by("Customer ID")
    outcomes = outcomes_of(joined["Churn Value"].to_numpy() == 1)
    features, columns = [], []
    for name in joined.drop_columns(["Customer ID", "Churn Value"]).column_names:
        values, words = _encode(joined[name].to_numpy(zero_copy_only=False))
        features.append(values)
        columns.append(
            FeatureColumn(name=name, family="any", unit="", en=name, ja=name, missing="", digest=name, vocabulary=words)
        )
    return LabelledRows(
        FeatureTable(outcomes.customer_ids, outcomes.cutoffs, np.column_stack(features), tuple(columns)),
        outcomes,
    )


def _encode(values: np.ndarray) -> tuple[np.ndarray, tuple[str, ...] | None]:
    if values.dtype != object:
        return values.astype(float), None
    words = tuple(sorted({word for word in values if word is not None}))
    return np.array([np.nan if word is None else words.index(word) for word in values]), words


def test_a_drop_from_chance_to_below_chance_is_no_leak():
    features, outcomes = coin_toss(200)
    trial = LeakTrial(features, outcomes, features, outcomes, LIMITS, 0)
    knows, wrong = (trial.to_scores(values.astype(np.float64)) for values in (outcomes.churned, ~outcomes.churned))
    nothing = trial.to_scores(np.full(200, 0.5))

    assert trial.is_above(knows, nothing, margin=0.05)
    assert not trial.is_above(nothing, wrong, margin=0.05)
