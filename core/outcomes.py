"""What happened to each customer after each cutoff."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Outcomes:
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

    def take(self, rows: np.ndarray) -> Outcomes:
        """The rows that an index array or boolean mask picks."""
        picked = {
            name: getattr(self, name)[rows]
            for name in (
                "customer_ids", "cutoffs", "churned", "churned_at", "cause", "amount_after", "observed_until",
            )
        }  # fmt: skip
        return replace(self, **picked)
