"""What treatments change for each customer, as uplift models estimate it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Effects:
    """Effects of K treatments on n customers, in outcomes per customer; every array but the ids is (n, K)."""

    customer_ids: NDArray[np.str_]
    "(n,)."
    treatments: tuple[str, ...]
    "K names, such as offer ids."
    effect: NDArray[np.float64]
    "The expected outcome with the treatment minus the one without."
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    "The bounds of the 90 % interval; NaN where the model was not refitted on resamples."
    without: NDArray[np.float64]
    "The expected outcome without the treatment."

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def never_send(self) -> NDArray[np.bool_]:
        """Whether a treatment harms a customer, as far as the interval says: its upper bound is below 0, (n, K)."""
        return self.high < 0

    def take(self, rows: NDArray[Any]) -> Effects:
        """The customers that an index array or mask selects."""
        arrays = {name: getattr(self, name)[rows] for name in ("customer_ids", "effect", "low", "high", "without")}
        return replace(self, **arrays)
