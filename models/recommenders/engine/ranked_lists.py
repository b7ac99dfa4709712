"""Top-k lists under construction, filled stage by stage from the best item down.

row 0   tea (personal)   jam (similar_items)   milk (popularity)
row 1   jam (personal)   -                     -                    "only 1 items are left after exclusions"
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.recommendations import STAGES, Recommendations, Stage
from models.recommenders.engine.exclusions import ExcludedItems
from models.recommenders.engine.row_scores import RowScores


@dataclass(frozen=True)
class ItemScores:
    """Scores of items from outside the model, e.g. for cold-start customers, and the stage that they fill."""

    scores: NDArray[np.float32]
    "(m,) in the model's item codes; above zero where an item may be listed."
    stage: Stage
    description: str = ""
    "What the items have in common, to complete 'only 3 items ... are left'; '' for the usual text."


@dataclass(frozen=True)
class RankedLists:
    """(n, k) arrays that are written in place, a block of rows at a time; see `Recommendations` for their meaning."""

    items: NDArray[np.int32]
    scores: NDArray[np.float32]
    stages: NDArray[np.int8]
    contributors: NDArray[np.int32]

    @classmethod
    def empty(cls, n: int, k: int) -> Self:
        """n lists of k empty places."""
        return cls(
            np.full((n, k), -1, dtype=np.int32),
            np.full((n, k), np.nan, dtype=np.float32),
            np.full((n, k), -1, dtype=np.int8),
            np.full((n, k), -1, dtype=np.int32),
        )

    def slice_rows(self, start: int, end: int) -> RankedLists:
        """A view of some rows: writing to it writes to these lists."""
        return RankedLists(
            self.items[start:end], self.scores[start:end], self.stages[start:end], self.contributors[start:end]
        )

    def write_best(self, scores: NDArray[np.float32], stage: Stage) -> None:
        """Write the best items of (n, m) scores from the first place on, as many as score above zero."""
        for row, row_scores in enumerate(scores):
            items, best = select_best(row_scores, self.items.shape[1])
            self._write_row(row, items, scores=best, stage=stage)

    def write_best_of_row(self, scores: RowScores, stage: Stage) -> None:
        """The same for the candidates of the only row."""
        places, best = select_best(scores.scores, self.items.shape[1], codes=scores.items)
        self._write_row(0, scores.items[places], scores=best, stage=stage)

    def _write_row(self, row: int, items: NDArray[np.int64], *, scores: NDArray[np.float32], stage: Stage) -> None:
        self.items[row, : len(items)] = items
        self.scores[row, : len(items)] = scores
        self.stages[row, : len(items)] = STAGES.index(stage)

    def append_lists(self, rows: NDArray[np.int64], following: RankedLists) -> None:
        """Fill the empty places of some rows with the first items of other lists, one list for each row."""
        n_filled = (self.items[rows] >= 0).sum(axis=1)
        nth, columns = np.nonzero(np.arange(self.items.shape[1]) >= n_filled[:, None])
        for name in ("items", "scores", "stages", "contributors"):
            getattr(self, name)[rows[nth], columns] = getattr(following, name)[nth, columns - n_filled[nth]]

    def append_best(self, item_scores: ItemScores, excluded: ExcludedItems) -> None:
        """Fill the empty places with the best items of (m,) scores that are neither excluded nor listed already."""
        rows = np.flatnonzero(self.items[:, -1] < 0)
        scores = np.tile(item_scores.scores.astype(np.float32), (len(rows), 1))
        excluded.add_listed(self.items).take(rows).zero_out(scores)
        following = RankedLists.empty(len(rows), self.items.shape[1])
        following.write_best(scores, item_scores.stage)
        self.append_lists(rows, following)

    def append_popular(
        self,
        find_order: Callable[[NDArray[np.bool_] | None], NDArray[np.int64]],
        popularity: NDArray[np.float64],
        *,
        excluded: ExcludedItems,
    ) -> None:
        """Fill the empty places with the first items of an order that are neither excluded nor listed already.

        `find_order` gives it, without the items that are excluded for every row.
        """
        n_empty = (self.items < 0).sum(axis=1)
        if not n_empty.any():
            return
        order = find_order(excluded.for_all)
        rows, places = _first_allowed(order, n_empty, excluded=excluded.add_listed(self.items))
        nth = np.arange(len(rows)) - np.searchsorted(rows, rows)
        columns = (self.items.shape[1] - n_empty)[rows] + nth
        self.items[rows, columns] = order[places]
        self.scores[rows, columns] = popularity[order[places]]
        self.stages[rows, columns] = STAGES.index(Stage.POPULARITY)

    def to_recommendations(
        self, customer_ids: NDArray[np.str_], item_ids: NDArray[np.str_], *, description: str = ""
    ) -> Recommendations:
        """The finished lists, each shorter one with the reason why it is short."""
        n_listed = (self.items >= 0).sum(axis=1).tolist()
        k = self.items.shape[1]
        return Recommendations(
            customer_ids=customer_ids,
            item_ids=item_ids,
            items=self.items,
            scores=self.scores,
            stages=self.stages,
            contributors=self.contributors,
            shortfalls=tuple("" if n == k else _shortfall(n, len(item_ids), description=description) for n in n_listed),
        )


def select_best(
    scores: NDArray[np.float32], k: int, *, codes: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Places and scores of the k highest of (c,) scores above zero, best first, ties by code (default: the place)."""
    places = np.flatnonzero(scores > 0)
    above = scores[places]
    if len(places) > k:
        # Sort only the scores that can be among the k best: all those not below the k-th highest.
        near = above >= np.partition(above, -k)[-k]
        places, above = places[near], above[near]
    best = np.lexsort((places if codes is None else codes[places], -above))[:k]
    return places[best], above[best]


def _first_allowed(
    order: NDArray[np.int64], n_empty: NDArray[np.int64], *, excluded: ExcludedItems
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and places in `order` of the first `n_empty[row]` allowed items of each row, sorted by row and place."""
    n_excluded = np.bincount(excluded.rows, minlength=len(n_empty))
    # No row needs to look further than its empty places plus its excluded items.
    reach = min(len(order), int((n_empty + np.where(n_empty > 0, n_excluded, 0)).max()))
    by_code = np.argsort(order[:reach])
    codes = order[:reach][by_code]
    nth = np.searchsorted(codes, excluded.items)
    near = np.flatnonzero(np.append(codes, -1)[nth] == excluded.items)
    allowed = np.ones((len(n_empty), reach), dtype=bool)
    allowed[excluded.rows[near], by_code[nth[near]]] = False
    rows, columns = np.nonzero(allowed & (np.cumsum(allowed, axis=1) <= n_empty[:, None]))
    return rows, columns


def _shortfall(n_listed: int, n_items: int, *, description: str) -> str:
    if description:
        return f"only {n_listed} items {description} are left"
    if n_listed == n_items:
        return f"the catalogue has only {n_items} items"
    return f"only {n_listed} items are left after exclusions"
