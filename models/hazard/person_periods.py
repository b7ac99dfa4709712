"""One row a customer and period survived so far: what a discrete-time hazard learns from (Singer & Willett 1993).

    cutoff     30         60         90        120
    |----------|----------|-----x....                  left in the third period: 0, 0, 1
    |----------|----------|------] records end          the third period was not seen whole: 0, 0

A period counts only where it was seen to its end: otherwise those who left in it would be known, and those who
stayed not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from core.feature_names import DAYS_TO_RENEWAL, LONGEST_TERM_MONTHS
from core.feature_table import FeatureColumn, FeatureTable
from core.i18n.translation import ENGLISH, JAPANESE, translate
from core.labels import Labels
from core.risk_curves import DAYS_A_MONTH


@dataclass(frozen=True)
class PersonPeriods:
    """Rows of a table, each as often as there are periods that it tells about; every array is (p,)."""

    rows: np.ndarray
    "int64: which row of the table."
    periods: np.ndarray
    "int64, 0 is the first."
    churned: np.ndarray
    "bool: left in this period."

    @classmethod
    def of(cls, outcomes: Labels, period_days: int) -> Self:
        """Every period of the outcomes' horizon at whose beginning a customer was there and whose end was seen."""
        n_periods = outcomes.horizon_days // period_days
        seen = np.minimum(outcomes.days_observed // period_days, n_periods)
        left_in = np.minimum(outcomes.days_stayed / period_days, n_periods).astype(np.int64)
        counted = np.minimum(seen, left_in + 1)
        rows = np.repeat(np.arange(len(outcomes)), counted)
        periods = np.arange(len(rows)) - np.repeat(np.cumsum(counted) - counted, counted)
        return cls(rows, periods, periods == left_in[rows])

    def __len__(self) -> int:
        return len(self.rows)

    def sampled(self, customer_ids: np.ndarray, at_most: int, seed: int) -> PersonPeriods:
        """Whole customers, drawn at random until there are about so many periods; all where there are no more."""
        if len(self) <= at_most:
            return self
        _, owners = np.unique(customer_ids, return_inverse=True)
        periods_of = np.bincount(owners[self.rows], minlength=owners.max() + 1)
        drawn = np.random.default_rng(seed).permutation(len(periods_of))
        kept = np.zeros(len(periods_of), bool)
        kept[drawn[np.cumsum(periods_of[drawn]) <= at_most]] = True
        return self.take(kept[owners[self.rows]])

    def take(self, chosen: np.ndarray) -> PersonPeriods:
        """The person-periods that a boolean mask picks."""
        return PersonPeriods(self.rows[chosen], self.periods[chosen], self.churned[chosen])


def period_columns(n_periods: int, in_words: bool) -> tuple[FeatureColumn, ...]:
    """What is known of a period itself: its number (a word each for models that add up), and when a contract renews."""
    words = tuple(str(period + 1) for period in range(n_periods)) if in_words else None
    period, renewal = "period", "days from the period's start to the next renewal"
    return (
        FeatureColumn(
            "period", "period", "", translate(period, ENGLISH), translate(period, JAPANESE), "never missing", "period",
            vocabulary=words,
        ),
        FeatureColumn(
            "renewal_from_period", "period", "days", translate(renewal, ENGLISH), translate(renewal, JAPANESE),
            "no renewal is known", "renewal_from_period",
        ),
    )  # fmt: skip


def period_values(features: FeatureTable, rows: np.ndarray, periods: np.ndarray, period_days: int) -> np.ndarray:
    """The values of `period_columns`, (p, 2)."""
    return np.column_stack([periods, _renewal_from(features, rows, periods * period_days)])


def _renewal_from(features: FeatureTable, rows: np.ndarray, passed_days: np.ndarray) -> np.ndarray:
    """Days to the next renewal after some days have passed; a contract of a known term renews again and again."""
    if DAYS_TO_RENEWAL not in features.names:
        return np.full(len(rows), np.nan)
    to_renewal = features.column(DAYS_TO_RENEWAL)[rows] - passed_days
    if LONGEST_TERM_MONTHS not in features.names:
        return np.where(to_renewal >= 0, to_renewal, np.nan)
    term_days = features.column(LONGEST_TERM_MONTHS)[rows] * DAYS_A_MONTH
    again = np.mod(to_renewal, np.where(term_days > 0, term_days, np.nan))
    return np.where(to_renewal >= 0, to_renewal, again)
