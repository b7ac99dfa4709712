"""An answer while it is being written: the best by score first, then what fills it, then why it falls short."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from core.recommendations import STAGES, Recommendations, Stage
from models.recommenders.engine.exclusion import Barred


@dataclass(frozen=True)
class Answer:
    """(n, k) arrays, written in place row block by row block; what they hold is told at `Recommendations`."""

    items: np.ndarray
    scores: np.ndarray
    stages: np.ndarray
    contributors: np.ndarray

    @classmethod
    def blank(cls, n: int, k: int) -> Self:
        """An answer with nothing in it."""
        return cls(
            np.full((n, k), -1, dtype=np.int32),
            np.full((n, k), np.nan, dtype=np.float32),
            np.full((n, k), -1, dtype=np.int8),
            np.full((n, k), -1, dtype=np.int32),
        )

    def between(self, start: int, end: int) -> Answer:
        """A view of some rows."""
        return Answer(
            self.items[start:end], self.scores[start:end], self.stages[start:end], self.contributors[start:end]
        )

    def write_best(self, scores: np.ndarray, stage: str) -> None:
        """The best of a (n, m) score matrix, as many as are above zero."""
        for row, row_scores in enumerate(scores):
            items, best = best_of(row_scores, self.items.shape[1])
            self.items[row, : len(items)] = items
            self.scores[row, : len(items)] = best
            self.stages[row, : len(items)] = STAGES.index(stage)

    def fill_rows(self, rows: np.ndarray, following: Answer) -> None:
        """Fill the places left in some rows with the first of another answer, a row for each of them."""
        found = (self.items[rows] >= 0).sum(axis=1)
        nth, columns = np.nonzero(np.arange(self.items.shape[1]) >= found[:, None])
        for name in ("items", "scores", "stages", "contributors"):
            getattr(self, name)[rows[nth], columns] = getattr(following, name)[nth, columns - found[nth]]

    def fill_with_best(self, scores: np.ndarray, stage: str, barred: Barred) -> None:
        """Fill the places left with the best of (m,) scores above zero that are neither barred nor there already."""
        rows = np.flatnonzero(self.items[:, -1] < 0)
        allowed = np.tile(scores.astype(np.float32), (len(rows), 1))
        barred.and_shown(self.items).take(rows).out_of(allowed)
        following = Answer.blank(len(rows), self.items.shape[1])
        following.write_best(allowed, stage)
        self.fill_rows(rows, following)

    def fill_with_popular(self, order: np.ndarray, popularity: np.ndarray, barred: Barred) -> None:
        """Fill the places left with the first items of `order` that are neither barred nor there already."""
        lacking = (self.items < 0).sum(axis=1)
        if not lacking.any():
            return
        rows, places = _first_allowed(order, lacking, barred.and_shown(self.items), len(popularity))
        nth = np.arange(len(rows)) - np.searchsorted(rows, rows)
        columns = (self.items.shape[1] - lacking)[rows] + nth
        self.items[rows, columns] = order[places]
        self.scores[rows, columns] = popularity[order[places]]
        self.stages[rows, columns] = STAGES.index(Stage.POPULARITY)

    def finished(self, customer_ids: np.ndarray, item_ids: np.ndarray) -> Recommendations:
        """The answer, with the reason of each shortfall."""
        found = (self.items >= 0).sum(axis=1).tolist()
        k = self.items.shape[1]
        return Recommendations(
            customer_ids, item_ids, self.items, self.scores, self.stages, self.contributors,
            shortfalls=tuple("" if n == k else _shortfall(n, len(item_ids)) for n in found),
        )  # fmt: skip


def best_of(scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes and scores of the k highest above zero of (m,) scores, best first, equal ones by code."""
    items = np.flatnonzero(scores > 0)
    above = scores[items]
    if len(items) > k:
        near = above >= np.partition(above, -k)[-k]
        items, above = items[near], above[near]
    best = np.argsort(-above, kind="stable")[:k]
    return items[best], above[best]


def _first_allowed(order: np.ndarray, lacking: np.ndarray, barred: Barred, m: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows, and places in `order`, of the first `lacking[row]` items allowed to each row; sorted by row and place."""
    per_row = np.bincount(barred.rows, minlength=len(lacking))
    reach = min(len(order), int((lacking + np.where(lacking > 0, per_row, 0)).max()))
    place_of = np.full(m, reach)
    place_of[order[:reach]] = np.arange(reach)
    places = place_of[barred.items]
    near = places < reach
    allowed = np.ones((len(lacking), reach), dtype=bool)
    allowed[barred.rows[near], places[near]] = False
    rows, columns = np.nonzero(allowed & (np.cumsum(allowed, axis=1) <= lacking[:, None]))
    return rows, columns


def _shortfall(found: int, n_items: int) -> str:
    if found == n_items:
        return f"the catalogue has only {n_items} items"
    return f"only {found} items are left after exclusions"
