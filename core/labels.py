"""What happened to each customer after each cutoff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray


def outcome_words(*, is_event: bool) -> tuple[str, str]:
    """What customers with and without the outcome did, for messages."""
    return ("had the event", "did not have the event") if is_event else ("churned", "stayed")


MIN_OBSERVED_DAYS = 30
"Of the horizon, for a row to say something before it is mature."


@dataclass(frozen=True, kw_only=True)
class Labels:
    """Labels of rows (customer, cutoff), aligned with their cohort; every array is (n,).

        cutoff   gap     horizon
        [-------)[-------------------------)   a row is mature if the whole horizon was observed

    `churned` has a meaning for mature rows only; others are never measured on. Where `is_daily`, `churned` of other
    rows is what was seen by `observed_until`, and models may be fitted on them (`is_usable`).
    """

    customer_ids: NDArray[np.str_]
    cutoffs: NDArray[np.datetime64]
    "datetime64[D]."
    churned: NDArray[np.bool_]
    churned_at: NDArray[np.datetime64]
    "datetime64[D]; NaT if the customer did not churn."
    cause: NDArray[np.str_]
    "'' if none was stated."
    amount_after: NDArray[np.float64]
    "Net amount of purchases within the horizon, base currency."
    observed_until: NDArray[np.datetime64]
    "datetime64[D], exclusive: the watermark of the tables that the label reads."
    horizon_days: int
    gap_days: int = 0
    is_event: bool = False
    "Whether the outcome is a predicted event; then `churned` is true for customers who had it."
    is_daily: bool = False
    "Whether who churned is known day by day, so that a row says something before it is mature."
    definition: str = ""
    "In words, e.g. 'no purchase within 90 days'."

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def words(self) -> tuple[str, str]:
        """What customers with and without the outcome did, for messages."""
        return outcome_words(is_event=self.is_event)

    @property
    def is_mature(self) -> NDArray[np.bool_]:
        """Whether the whole horizon lies before the watermark, (n,)."""
        return self.cutoffs + np.timedelta64(self.gap_days + self.horizon_days, "D") <= self.observed_until

    @property
    def is_usable(self) -> NDArray[np.bool_]:
        """Whether a model can learn from each row, (n,): mature, or observed for `MIN_OBSERVED_DAYS` day by day."""
        return self.is_mature | (self.is_daily & (self.days_observed >= MIN_OBSERVED_DAYS))

    @property
    def days_observed(self) -> NDArray[np.int64]:
        """Days from the start of the horizon to the watermark, (n,); 0 if the watermark comes first."""
        return np.maximum((self.observed_until - self._horizon_start).astype(np.int64), 0)

    @property
    def days_to_churn(self) -> NDArray[np.float64]:
        """Whole days from the start of the horizon to the day of churn, (n,); infinite for other customers."""
        days = (self.churned_at - self._horizon_start).astype(np.float64)
        return np.where(self.churned, days, np.inf)

    def within(self, horizon_days: int) -> Labels:
        """The labels of a shorter horizon, for labels that follow customers day by day."""
        return self._cut(
            self.days_to_churn < horizon_days, observed_until=self.observed_until, horizon_days=horizon_days
        )

    def censor(self, day: np.datetime64 | NDArray[np.datetime64]) -> Labels:
        """The labels as known when only the time before `day` (one, or one per row) had been observed."""
        until = np.minimum(self.observed_until, day)
        return self._cut(self.churned & (self.churned_at < until), observed_until=until, horizon_days=self.horizon_days)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Labels:
        """The rows that an index array or mask selects."""
        return replace(
            self,
            customer_ids=self.customer_ids[rows],
            cutoffs=self.cutoffs[rows],
            churned=self.churned[rows],
            churned_at=self.churned_at[rows],
            cause=self.cause[rows],
            amount_after=self.amount_after[rows],
            observed_until=self.observed_until[rows],
        )

    @classmethod
    def join(cls, parts: Sequence[Labels]) -> Labels:
        """The rows of all parts after one another; their horizons and definitions are the same."""
        arrays = (one.name for one in fields(cls) if isinstance(getattr(parts[0], one.name), np.ndarray))
        return replace(parts[0], **{name: np.concatenate([getattr(part, name) for part in parts]) for name in arrays})

    @property
    def _horizon_start(self) -> NDArray[np.datetime64]:
        return self.cutoffs + np.timedelta64(self.gap_days, "D")

    def _cut(self, churned: NDArray[np.bool_], *, observed_until: NDArray[np.datetime64], horizon_days: int) -> Labels:
        return replace(
            self,
            churned=churned,
            churned_at=np.where(churned, self.churned_at, np.datetime64("NaT", "D")),
            cause=np.where(churned, self.cause, ""),
            observed_until=observed_until,
            horizon_days=horizon_days,
        )
