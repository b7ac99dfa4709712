"""Why a customer's risk changed between two days: the features whose values moved it most, each with a sentence.

Days with usage in the last 30 days fell from 18 to 3 within 28 days
No orders in the last 60 days (this customer usually buys every 7 days)
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from core.feature_table import FeatureColumn
from core.i18n.translation import ENGLISH, JAPANESE, Language, capitalize, translate
from core.scores import ComparedWith, Reason
from insights.health.risk import Risk
from models.churn.described_values import decode_value, describe_value
from models.churn.reasons import N_SPARE, strongest_features, take_distinct
from models.churn.sentences import SentenceWriter

CHANGE = "{change}"
"The gap of sentences on trends."
MAX_REASONS = 3
"Per customer."


def changes_between(before: Risk, now: Risk, *, rows: NDArray[np.int64]) -> list[tuple[Reason, ...]]:
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
    writer = _ChangeWriter(now, values_before, n_days=(now.cutoff - before.cutoff).days)
    return [
        take_distinct((writer.write(row, place, weight=weight) for place, weight in strongest), k=MAX_REASONS)
        for row, strongest in enumerate(strongest_features(shifts, now.columns, k=MAX_REASONS + N_SPARE))
    ]


class _ChangeWriter:
    """Writes the reasons for changes since an earlier day."""

    def __init__(self, now: Risk, values_before: NDArray[np.float32], *, n_days: int) -> None:
        """`values_before` are the earlier values of the customers of `now`, (n, m)."""
        self._now = now
        self._before = values_before
        self._n_days = n_days
        self._places = {column.name: place for place, column in enumerate(now.columns)}
        # The earlier value takes the place of what is usual among all customers, so no comparison is added.
        unknown = [math.nan] * len(now.columns)
        self._writers = {code: SentenceWriter(now.columns, code, usual=unknown) for code in (ENGLISH, JAPANESE)}

    def write(self, row: int, place: int, *, weight: float) -> Reason:
        """The reason of a customer, by the row in `now`, for a feature at a place."""
        column, before, now = self._now.columns[place], self._before.item(row, place), self._now.values.item(row, place)

        def find(name: str) -> float:
            return self._now.values.item(row, self._places[name]) if name in self._places else math.nan

        def write(language: Language) -> str:
            writer = self._writers[language]
            if CHANGE in column.says_en and not math.isnan(now):
                # A trend is a change itself: "down 67%" says more than a share that fell from 60% to 25%.
                return writer.write(place, now, raises_risk=weight > 0, find=find)
            absence = writer.write_absence(place, now, raises_risk=weight > 0, find=find)
            return absence or self._sentence(column, language, before=before, now=now)

        return Reason(
            code=column.family,
            direction="up" if weight > 0 else "down",
            weight=weight,
            value=decode_value(column, now),
            usual_value=decode_value(column, before),
            compared_with=ComparedWith.CUSTOMER,
            en=write(ENGLISH),
            ja=write(JAPANESE),
        )

    def _sentence(self, column: FeatureColumn, language: Language, *, before: float, now: float) -> str:
        was, is_now = (describe_value(column, value, language=language) for value in (before, now))
        # Different values may look the same once rounded.
        message = (
            _message(column, before=before, now=now)
            if was != is_now
            else "{title}: {now} (much as {days} days earlier)"
        )
        title = capitalize(column.title(language))
        return translate(message, language, title=title, before=was, now=is_now, days=self._n_days)


def _message(column: FeatureColumn, *, before: float, now: float) -> str:
    """The sentence that fits the direction of a change."""
    if math.isnan(before):
        return "{title}: {now} ({days} days earlier: none)"
    if math.isnan(now):
        return "{title}: {now} ({days} days earlier: {before})"
    if column.vocabulary is not None:
        return "{title} changed from {before} to {now} within {days} days"
    fell, rose = (
        "{title} fell from {before} to {now} within {days} days",
        "{title} rose from {before} to {now} within {days} days",
    )
    if "," in column.en:
        # "Spend in the last 30 days, before returns fell" would be read as spend before the returns fell.
        fell, rose = (
            "{title}: fell from {before} to {now} within {days} days",
            "{title}: rose from {before} to {now} within {days} days",
        )
    return fell if now < before else rose
