"""What sells at a cutoff, as `next_basket` uses it, computed once for all customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.recommenders.engine.category_affinity import CategoryBestSellers
from models.recommenders.engine.row_scores import RowScores

N_BEST_SELLERS = 256
"Best sellers that are candidates for every customer."


@dataclass(frozen=True, kw_only=True, eq=False)
class Season:
    """Popularity of the items at one cutoff; every array is (m,)."""

    week: NDArray[np.float32]
    "Popularity of the last days, 1 for the best seller."
    month: NDArray[np.float32]
    "The same of a longer time."
    factor: NDArray[np.float32]
    "What the season multiplies the components of the history by, at most 1."
    of_week: RowScores
    "The best sellers of `week`."
    of_month: RowScores
    categories: CategoryBestSellers | None
    "None where no item has a category."

    @classmethod
    def of(
        cls,
        week: NDArray[np.float32],
        month: NDArray[np.float32],
        *,
        categories: NDArray[np.integer],
        power: float,
    ) -> Self:
        """From the (m,) shares of the items in the purchases of both times, and their categories if there are any."""
        relative = week / week.max(), month / month.max()
        return cls(
            week=relative[0],
            month=relative[1],
            factor=relative[0] ** np.float32(power),
            of_week=find_best_sellers(relative[0]),
            of_month=find_best_sellers(relative[1]),
            categories=CategoryBestSellers.of(month, categories) if len(categories) else None,
        )


def find_best_sellers(shares: NDArray[np.float32]) -> RowScores:
    """The best of (m,) shares as candidates."""
    n_best = min(N_BEST_SELLERS, len(shares))
    order = np.argsort(-shares, kind="stable")
    bound = float(shares[order[n_best]]) if n_best < len(shares) else 0.0
    return RowScores(order[:n_best], shares[order[:n_best]], len(shares), bound, lambda items: shares[items])
