"""Person-periods: one row per customer and period at risk, for discrete-time hazards (Singer & Willett 1993).

    cutoff     30         60         90        120
    |----------|----------|-----x....                  churned in the third period: 0, 0, 1
    |----------|----------|------] records end          the third period was not observed to its end: 0, 0

A period counts only where it was observed to its end. Otherwise the customers who churned in it would be known, and
those who stayed would not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.feature_names import DAYS_TO_RENEWAL, LONGEST_TERM_MONTHS
from core.feature_table import FeatureColumn, FeatureTable
from core.i18n.translation import ENGLISH, JAPANESE, translate
from core.labels import Labels
from core.window import DAYS_PER_MONTH

PERIOD = "period"
"The column with the number of the period."


@dataclass(frozen=True)
class PersonPeriods:
    """Rows of a table, each repeated for every period that was observed; every array is (p,)."""

    rows: NDArray[np.int64]
    "The row of the table."
    periods: NDArray[np.int64]
    "0 is the first."
    churned: NDArray[np.bool_]
    "Whether the customer churned in this period."

    @classmethod
    def of(cls, outcomes: Labels, period_days: int) -> Self:
        """Every period of the outcomes' horizon that a customer entered and that was observed to its end."""
        n_periods = outcomes.horizon_days // period_days
        n_observed = np.minimum(outcomes.days_observed // period_days, n_periods)
        churned_in = np.minimum(outcomes.days_to_churn / period_days, n_periods).astype(np.int64)
        n_rows = np.minimum(n_observed, churned_in + 1)
        rows = np.repeat(np.arange(len(outcomes)), n_rows)
        periods = np.arange(len(rows)) - np.repeat(np.cumsum(n_rows) - n_rows, n_rows)
        return cls(rows, periods, periods == churned_in[rows])

    def __len__(self) -> int:
        return len(self.rows)

    def sample(self, customer_ids: NDArray[np.str_], *, limit: int, seed: int) -> PersonPeriods:
        """Sample whole customers at random, up to about `limit` person-periods; all of them where there are no more."""
        if len(self) <= limit:
            return self
        _, owners = np.unique(customer_ids, return_inverse=True)
        periods_of = np.bincount(owners[self.rows], minlength=owners.max() + 1)
        order = np.random.default_rng(seed).permutation(len(periods_of))
        is_sampled = np.zeros(len(periods_of), bool)
        is_sampled[order[np.cumsum(periods_of[order]) <= limit]] = True
        return self.take(is_sampled[owners[self.rows]])

    def take(self, mask: NDArray[np.bool_]) -> PersonPeriods:
        """The person-periods that a boolean mask selects."""
        return PersonPeriods(self.rows[mask], self.periods[mask], self.churned[mask])


def period_columns(n_periods: int, *, as_words: bool) -> tuple[FeatureColumn, ...]:
    """The features of a period itself: its number, as a word for additive models, and the days to the next renewal."""
    words = tuple(str(period + 1) for period in range(n_periods)) if as_words else None
    renewal = "days from the period's start to the next renewal"
    return (
        FeatureColumn(
            name=PERIOD,
            family=PERIOD,
            unit="",
            en=translate(PERIOD, ENGLISH),
            ja=translate(PERIOD, JAPANESE),
            missing="never missing",
            digest=PERIOD,
            vocabulary=words,
        ),
        FeatureColumn(
            name="renewal_from_period",
            family=PERIOD,
            unit="days",
            en=translate(renewal, ENGLISH),
            ja=translate(renewal, JAPANESE),
            missing="no renewal date",
            digest="renewal_from_period",
        ),
    )


def period_values(
    features: FeatureTable, rows: NDArray[np.int64], *, periods: NDArray[np.int64], period_days: int
) -> NDArray[np.float64]:
    """The values of `period_columns`, (p, 2)."""
    to_renewal = _days_to_renewal(features, rows, elapsed_days=periods * period_days)
    return np.column_stack([periods.astype(np.float64), to_renewal])


def _days_to_renewal(
    features: FeatureTable, rows: NDArray[np.int64], *, elapsed_days: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Days to the next renewal after some days have passed; a contract of a known term renews repeatedly."""
    if DAYS_TO_RENEWAL not in features.names:
        return np.full(len(rows), np.nan)
    to_renewal = features.column(DAYS_TO_RENEWAL)[rows] - elapsed_days
    if LONGEST_TERM_MONTHS not in features.names:
        return np.where(to_renewal >= 0, to_renewal, np.nan)
    term_days = features.column(LONGEST_TERM_MONTHS)[rows] * DAYS_PER_MONTH
    repeated = np.mod(to_renewal, np.where(term_days > 0, term_days, np.nan))
    return np.where(to_renewal >= 0, to_renewal, repeated)
