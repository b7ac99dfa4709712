"""Customers whose reasons to leave are known, as tables of features."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from core.feature_table import FeatureColumn, FeatureTable
from core.labels import Labels

CUTOFF = np.datetime64("2024-03-01")
HORIZON_DAYS = 30
CHANNELS = ("app", "shop", "web")

COLUMNS = (
    FeatureColumn(
        name="days_since_last_purchase",
        family="recency",
        unit="days",
        en="days since the last purchase",
        ja="最終購入からの日数",
        missing="never bought",
        digest="d0",
        says_en="Last purchase {value_days} ago (this customer usually buys {every_mean_gap_days})",
        says_ja="最終購入から{value_days}(この顧客はふだん{every_mean_gap_days}に購入)",
        says_missing_en="Has never bought anything",
        says_missing_ja="購入履歴がありません",
        usual_of="mean_gap_days",
    ),
    FeatureColumn(
        name="mean_gap_days",
        family="rhythm",
        unit="days",
        en="mean gap",
        ja="平均購入間隔",
        missing="fewer than 2",
        digest="d1",
    ),
    FeatureColumn(
        name="net_amount_365d",
        family="spend",
        unit="currency",
        en="spent in 365 days",
        ja="365日間の購入額",
        missing="never",
        digest="d2",
    ),
    FeatureColumn(
        name="main_channel",
        family="channels",
        unit="",
        en="main channel",
        ja="主な経路",
        missing="none",
        digest="d3",
        vocabulary=CHANNELS,
    ),
    FeatureColumn(
        name="shoe_size", family="noise", unit="", en="shoe size", ja="靴のサイズ", missing="never told", digest="d4"
    ),
)


def outcomes_of(churned: np.ndarray, customer_ids: np.ndarray | None = None) -> Labels:
    n = len(churned)
    return Labels(
        customer_ids=np.array([f"c{i:05d}" for i in range(n)]) if customer_ids is None else customer_ids,
        cutoffs=np.full(n, CUTOFF),
        churned=churned.astype(bool),
        churned_at=np.full(n, np.datetime64("NaT"), dtype="datetime64[D]"),
        cause=np.full(n, ""),
        amount_after=np.zeros(n),
        observed_until=np.full(n, CUTOFF + HORIZON_DAYS),
        horizon_days=HORIZON_DAYS,
    )


def customers(n: int, seed: int) -> FeatureTable:
    """Random customers; some have no usual gap, some no known channel."""
    random = np.random.default_rng(seed)
    gap = random.gamma(2.0, 10.0, n)
    values = np.column_stack(
        [
            np.floor(random.exponential(30.0, n)),
            np.where(random.random(n) < 0.2, np.nan, gap),
            random.lognormal(4.0, 1.5, n),
            np.where(random.random(n) < 0.1, np.nan, random.integers(0, 3, n)),
            random.normal(40.0, 3.0, n),
        ]
    )
    return FeatureTable(np.array([f"c{i:05d}" for i in range(n)]), np.full(n, CUTOFF), values, COLUMNS)


def true_log_odds(features: FeatureTable) -> np.ndarray:
    """Long absence, little spending and the app make them leave; shoe size does not."""
    days, spent = features.column("days_since_last_purchase"), features.column("net_amount_365d")
    in_app = features.column("main_channel") == 0
    return -1.0 + 1.2 * (np.log1p(days / 20) - 0.8) - 0.6 * (np.log(spent) - 4.0) + 1.0 * in_app


def learnable(n: int = 1500, seed: int = 1) -> tuple[FeatureTable, Labels]:
    features = customers(n, seed)
    chances = np.random.default_rng(seed + 1000).random(n)
    return features, outcomes_of(chances < expit(true_log_odds(features)))


def coin_toss(n: int = 1500, seed: int = 1, rate: float = 0.4) -> tuple[FeatureTable, Labels]:
    return customers(n, seed), outcomes_of(np.random.default_rng(seed + 1000).random(n) < rate)
