"""Why a customer's health changed: the families of features whose part of the risk moved most since another day.

What a feature adds to the risk may move because others did; only features whose own value changed are a reason.
"""

from __future__ import annotations

import numpy as np

from core.feature_table import FeatureColumn
from core.scores import Reason
from insights.health.risk import Risk
from models.churn.reasons import read_aloud, strongest_features, told_value

AT_MOST = 3
"Reasons a customer."


def changes_between(before: Risk, now: Risk, rows: np.ndarray) -> list[tuple[Reason, ...]]:
    """At most three reasons for each row of `now`, strongest first; none for who was no customer before.

    `rows` are their rows before, or -1. A reason's weight is the change in log-odds of leaving ('up': health fell);
    `value` is today's and `usual_value` that of the day before.
    """
    if not now.columns or not len(before):
        return [()] * len(now)
    was, known = before.values[rows], (rows >= 0)[:, None]
    differs = (now.values != was) & ~(np.isnan(now.values) & np.isnan(was)) & known
    moved = np.where(differs, now.contributions - before.contributions[rows], 0.0)
    days = (now.cutoff - before.cutoff).days
    return [
        tuple(
            _told(now.columns[place], weight, was[row, place], now.values[row, place], days) for place, weight in found
        )
        for row, found in enumerate(strongest_features(moved, now.columns, AT_MOST))
    ]


def _told(column: FeatureColumn, weight: float, before: float, now: float, days: int) -> Reason:
    was, became = told_value(column, before), told_value(column, now)
    en = f"{column.en}: {read_aloud(became, 'en')} ({days} days before: {read_aloud(was, 'en')})"
    ja = f"{column.ja}: {read_aloud(became, 'ja')}({days}日前: {read_aloud(was, 'ja')})"
    return Reason(column.family, "up" if weight > 0 else "down", weight, became, was, en, ja)
