"""Why a customer's health changed: the feature families whose contribution to the risk changed most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.feature_table import FeatureColumn
from core.i18n.translation import ENGLISH, JAPANESE, Language, capitalize, translate
from core.scores import Reason
from insights.health.risk import Risk
from models.churn.reasons import decode_value, describe_value, strongest_features

MAX_REASONS = 3
"Per customer."


def changes_between(before: Risk, now: Risk, rows: NDArray[np.int64]) -> list[tuple[Reason, ...]]:
    """At most three reasons for each row of `now`, strongest first; none for a customer who is new.

    `rows` are their rows in `before`, or -1. A contribution may change because other features did; only features whose
    own value changed count. A reason's weight is the change in log-odds of churn ('up': health dropped); `value` is
    today's and `usual_value` the earlier one.
    """
    if not now.columns or not len(before):
        return [()] * len(now)
    values_before, is_known = before.values[rows], (rows >= 0)[:, None]
    both_missing = np.isnan(now.values) & np.isnan(values_before)
    has_changed = (now.values != values_before) & ~both_missing & is_known
    shifts = np.where(has_changed, now.contributions - before.contributions[rows], 0.0)
    days = (now.cutoff - before.cutoff).days
    return [
        tuple(
            _reason(
                now.columns[place],
                weight,
                before=values_before[row, place],
                now=now.values[row, place],
                days=days,
            )
            for place, weight in strongest
        )
        for row, strongest in enumerate(strongest_features(shifts, now.columns, k=MAX_REASONS))
    ]


def _reason(column: FeatureColumn, weight: float, *, before: float, now: float, days: int) -> Reason:
    return Reason(
        code=column.family,
        direction="up" if weight > 0 else "down",
        weight=weight,
        value=decode_value(column, now),
        usual_value=decode_value(column, before),
        en=_sentence(column, ENGLISH, before=before, now=now, days=days),
        ja=_sentence(column, JAPANESE, before=before, now=now, days=days),
    )


def _sentence(column: FeatureColumn, language: Language, *, before: float, now: float, days: int) -> str:
    return translate(
        "{title}: {now} ({days} days earlier: {before})",
        language,
        title=capitalize(column.title(language)),
        now=describe_value(column, now, language),
        before=describe_value(column, before, language),
        days=days,
    )
