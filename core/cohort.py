"""Who is a customer at each cutoff."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Cohort:
    """Rows (customer, cutoff), sorted by cutoff and then customer; the population behind every figure.

    `customer_ids` is a (n,) array of text ('U'), `cutoffs` a (n,) array of datetime64[D].
    """

    customer_ids: np.ndarray
    cutoffs: np.ndarray

    definition: str = ""
    "In words, e.g. 'a purchase in the 180 days before the cutoff'; printed beside every figure."

    def __len__(self) -> int:
        return len(self.customer_ids)

    def at(self, cutoff: np.datetime64) -> Cohort:
        """The customers of one cutoff."""
        rows = self.cutoffs == cutoff
        return Cohort(self.customer_ids[rows], self.cutoffs[rows], self.definition)
