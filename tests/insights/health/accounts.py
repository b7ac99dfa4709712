"""A few accounts with three features, and a hand-written champion."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from core.config.customers import HealthSettings
from core.config.data_set import Config
from core.feature_table import FeatureColumn
from insights.health.day import DAYS_BACK, NO_BANDS, HealthDay, PreviousBands, compute_day
from insights.health.risk import Risk
from tests.worlds import config

DAY = date(2026, 4, 1)
COLUMNS = (
    FeatureColumn(
        name="usage_days_30d",
        family="usage",
        unit="days",
        en="days with usage",
        ja="利用日数",
        missing="never",
        digest="d0",
    ),
    FeatureColumn(
        name="last_nps", family="sentiment", unit="score", en="last NPS", ja="直近のNPS", missing="never", digest="d1"
    ),
    FeatureColumn(name="mrr_now", family="subscription", unit="yen", en="MRR", ja="月額", missing="never", digest="d2"),
)
WEIGHTS = np.array([-0.2, -0.3, -0.001])
USUAL = np.array([15.0, 6.0, 1000.0])

Accounts = dict[str, tuple[float, float, float]]
"Days with usage, NPS and MRR by account."
WELL, LESS, GONE = (25.0, 9.0, 1000.0), (15.0, 9.0, 1000.0), (1.0, 6.0, 1000.0)


def company(**health: object) -> Config:
    """Default risk levels, so that health is the probability of staying."""
    return config(health=HealthSettings(**health))  # pyright: ignore[reportArgumentType]


def risk(accounts: Accounts, day: date = DAY) -> Risk:
    """The risk of these accounts: contributions are distances from the average; half churn."""
    ids = sorted(accounts)
    values = np.array([accounts[one] for one in ids], np.float32).reshape(-1, 3)
    adds = np.nan_to_num((values - USUAL) * WEIGHTS).astype(np.float32)
    return Risk(
        cutoff=day,
        customer_ids=np.array(ids, dtype="U8"),
        columns=COLUMNS,
        values=values,
        contributions=adds,
        average=0.0,
    )


def day_of(
    now: Accounts,
    week_before: Accounts | None = None,
    month_before: Accounts | None = None,
    *,
    settings: Config | None = None,
    day: date = DAY,
    last: PreviousBands = NO_BANDS,
) -> HealthDay:
    """One day of health; the accounts 7 and 28 days before default to none."""
    before = (week_before or {}, month_before or {})
    risks = {back: risk(then, day - timedelta(days=back)) for back, then in zip(DAYS_BACK, before, strict=True)}
    return compute_day(settings or company(), risk(now, day), before=risks, previous=last)
