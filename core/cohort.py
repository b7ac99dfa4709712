"""The customers at each cutoff."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Cohort:
    """Rows (customer, cutoff), sorted by cutoff and then customer: the customers behind every figure."""

    customer_ids: NDArray[np.str_]
    "(n,)."
    cutoffs: NDArray[np.datetime64]
    "(n,) datetime64[D]."
    definition: str = ""
    "In words, e.g. 'a purchase in the 180 days before the cutoff'; printed with every figure."

    def __len__(self) -> int:
        return len(self.customer_ids)

    def at(self, cutoff: np.datetime64) -> Cohort:
        """The customers of one cutoff."""
        rows = self.cutoffs == cutoff
        return Cohort(self.customer_ids[rows], self.cutoffs[rows], self.definition)
