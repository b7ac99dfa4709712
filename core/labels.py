"""What happened to each customer after each cutoff."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Labels:
    """Rows (customer, cutoff), aligned with the cohort they were made for; every array is (n,).

    A row is mature when its whole horizon was observed; `churned` means something only there, and
    immature rows are never trained or measured on.
    """

    customer_ids: np.ndarray
    cutoffs: np.ndarray
    "datetime64[D]"
    churned: np.ndarray
    "bool"
    churned_at: np.ndarray
    "datetime64[D]; NaT where the customer stayed."
    cause: np.ndarray
    "Text 'U'; '' where none was stated."
    amount_after: np.ndarray
    "float64: net amount bought within the horizon, base currency."
    observed_until: np.ndarray
    "datetime64[D], exclusive: the watermark of the tables that the label reads."
    horizon_days: int
    gap_days: int = 0
    definition: str = ""
    "In words, e.g. 'no purchase within 90 days'."

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def mature(self) -> np.ndarray:
        """(n,) bool: the whole horizon lies before the watermark."""
        return self.cutoffs + np.timedelta64(self.gap_days + self.horizon_days, "D") <= self.observed_until

    @property
    def days_observed(self) -> np.ndarray:
        """(n,) int64: of how many days from the start of the horizon on all is known; never below zero."""
        start = self.cutoffs + np.timedelta64(self.gap_days, "D")
        return np.maximum((self.observed_until - start).astype(np.int64), 0)

    @property
    def days_stayed(self) -> np.ndarray:
        """(n,) float64: whole days from the start of the horizon to the day of leaving; infinite for who stayed."""
        start = self.cutoffs + np.timedelta64(self.gap_days, "D")
        days = (self.churned_at - start).astype(np.float64)
        return np.where(self.churned, days, np.inf)

    def within(self, horizon_days: int) -> Labels:
        """The same customers over a shorter horizon; for outcomes that follow them day by day (`label_lifetimes`)."""
        return self._cut(self.days_stayed < horizon_days, self.observed_until, horizon_days)

    def known_at(self, day: np.datetime64 | np.ndarray) -> Labels:
        """What was known when only the time before `day` (or each row's) had been observed."""
        until = np.minimum(self.observed_until, day)
        return self._cut(self.churned & (self.churned_at < until), until, self.horizon_days)

    def _cut(self, churned: np.ndarray, observed_until: np.ndarray, horizon_days: int) -> Labels:
        return replace(
            self,
            churned=churned,
            churned_at=np.where(churned, self.churned_at, np.datetime64("NaT", "D")),
            cause=np.where(churned, self.cause, ""),
            observed_until=observed_until,
            horizon_days=horizon_days,
        )

    def take(self, rows: np.ndarray) -> Labels:
        """The rows that an index array or boolean mask picks."""
        picked = {
            name: getattr(self, name)[rows]
            for name in (
                "customer_ids", "cutoffs", "churned", "churned_at", "cause", "amount_after", "observed_until",
            )
        }  # fmt: skip
        return replace(self, **picked)
