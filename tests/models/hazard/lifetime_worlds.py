"""Simulated customers with known hazards: two plans, each with a constant monthly risk and its own mix of causes."""

from __future__ import annotations

import numpy as np

from core.feature_table import FeatureColumn, FeatureTable
from core.labels import Labels

CUTOFF = np.datetime64("2024-01-01")
PERIOD_DAYS, N_PERIODS = 30, 12
OBSERVED_DAYS = PERIOD_DAYS * N_PERIODS
HAZARDS = np.array([0.12, 0.03])
"Per period, by plan."
PRICE_SHARES = np.array([0.8, 0.3])
"Of churned customers, by plan; the others state support."
PLANS = ("basic", "pro")

COLUMNS = (
    FeatureColumn(
        name="main_plan",
        family="subscription",
        unit="",
        en="plan",
        ja="契約プラン",
        missing="none",
        digest="d0",
        vocabulary=PLANS,
    ),
    FeatureColumn(
        name="logins_28d", family="usage", unit="times", en="logins", ja="ログイン回数", missing="never", digest="d1"
    ),
    FeatureColumn(
        name="mrr_now", family="subscription", unit="JPY", en="monthly price", ja="月額", missing="never", digest="d2"
    ),
)


def subscribers(n: int, seed: int) -> FeatureTable:
    """Customers, half of them on each plan; logins have no effect."""
    random = np.random.default_rng(seed)
    plans = random.integers(0, 2, n).astype(np.float64)
    values = np.column_stack([plans, random.poisson(8, n).astype(np.float64), 1000 + 4000 * plans])
    return FeatureTable(np.array([f"c{i:05d}" for i in range(n)]), np.full(n, CUTOFF), values, COLUMNS)


def lifetimes(
    features: FeatureTable,
    seed: int,
    hazards: np.ndarray = HAZARDS,
    observed_days: tuple[int, int] = (OBSERVED_DAYS, 401),
) -> Labels:
    """Their outcomes; each customer is observed for a random number of days between `observed_days`."""
    random = np.random.default_rng(seed)
    plan, n = features.column("main_plan").astype(np.int64), len(features)
    stayed = np.ceil(random.exponential(1.0, n) / -np.log1p(-hazards[plan]) * PERIOD_DAYS) - 1
    cause = np.where(random.random(n) < PRICE_SHARES[plan], "price", "support")
    churned_on = CUTOFF + np.minimum(stayed, 10_000).astype("timedelta64[D]")
    is_observed = churned_on < CUTOFF + np.timedelta64(OBSERVED_DAYS, "D")
    outcomes = Labels(
        customer_ids=features.customer_ids,
        cutoffs=features.cutoffs,
        churned=is_observed,
        churned_at=np.where(is_observed, churned_on, np.datetime64("NaT", "D")),
        cause=np.where(is_observed, cause, ""),
        amount_after=np.full(n, np.nan),
        observed_until=np.full(n, CUTOFF + np.timedelta64(OBSERVED_DAYS, "D")),
        horizon_days=OBSERVED_DAYS,
    )
    return outcomes.censor(CUTOFF + random.integers(*observed_days, n).astype("timedelta64[D]"))


def world(
    n: int = 1200, seed: int = 1, observed_days: tuple[int, int] = (OBSERVED_DAYS, 401)
) -> tuple[FeatureTable, Labels]:
    """Features and outcomes."""
    features = subscribers(n, seed)
    return features, lifetimes(features, seed + 1000, observed_days=observed_days)


def coin_toss(n: int = 1200, seed: int = 1) -> tuple[FeatureTable, Labels]:
    """A world in which both plans have the same hazard."""
    features = subscribers(n, seed)
    return features, lifetimes(features, seed + 1000, hazards=np.array([0.07, 0.07]))


def true_risk(features: FeatureTable, days: float) -> np.ndarray:
    """P(churn) within this many days."""
    hazards = HAZARDS[features.column("main_plan").astype(np.int64)]
    return 1.0 - (1.0 - hazards) ** (days / PERIOD_DAYS)
