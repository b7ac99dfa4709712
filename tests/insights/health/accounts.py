"""Three features of a few accounts, and what a champion would make of them, written by hand."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from core.config.data_set import Config
from core.config.relations import HealthSettings
from core.feature_table import FeatureColumn
from insights.health.day import DAYS_BACK, NOBODY, HealthDay, Standings, judged
from insights.health.risk import Risk
from tests.worlds import config

DAY = date(2026, 4, 1)
COLUMNS = (
    FeatureColumn("usage_days_30d", "usage", "days", "days with usage", "利用日数", "never", "d0"),
    FeatureColumn("last_nps", "sentiment", "score", "last NPS", "直近のNPS", "never", "d1"),
    FeatureColumn("mrr_now", "subscription", "yen", "MRR", "月額", "never", "d2"),
)
WEIGHTS = np.array([-0.2, -0.3, -0.001])
USUAL = np.array([15.0, 6.0, 1000.0])

Accounts = dict[str, tuple[float, float, float]]
"Days with usage, NPS and MRR by account."
WELL, LESS, GONE = (25.0, 9.0, 1000.0), (15.0, 9.0, 1000.0), (1.0, 6.0, 1000.0)


def company(**health: object) -> Config:
    """With the usual tiers, so that health is the probability of staying."""
    return config(health=HealthSettings(**health))  # pyright: ignore[reportArgumentType]


def risk(accounts: Accounts, day: date = DAY) -> Risk:
    """What a champion sees of these accounts: each feature pulls by its distance from usual; half leave on average."""
    ids = sorted(accounts)
    values = np.array([accounts[one] for one in ids], np.float32).reshape(-1, 3)
    adds = np.nan_to_num((values - USUAL) * WEIGHTS).astype(np.float32)
    return Risk(day, np.array(ids, dtype="U8"), COLUMNS, values, adds, 0.0)


def day_of(
    now: Accounts,
    week_before: Accounts | None = None,
    month_before: Accounts | None = None,
    *,
    settings: Config | None = None,
    day: date = DAY,
    last: Standings = NOBODY,
) -> HealthDay:
    """The health of a day, with the accounts as they were 7 and 28 days before; unsaid is nobody."""
    before = (week_before or {}, month_before or {})
    risks = {back: risk(then, day - timedelta(days=back)) for back, then in zip(DAYS_BACK, before, strict=True)}
    return judged(settings or company(), risk(now, day), risks, last)
