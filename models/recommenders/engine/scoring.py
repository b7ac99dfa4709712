"""A recommender with a stage of its own: it scores items for a history, and what it scores above zero stands there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import ClassVar

import numpy as np

from core.interactions import Histories, weights_of
from core.recommendations import STAGES, Stage
from models.recommenders.engine.answer import Answer
from models.recommenders.engine.base import LadderRecommender
from models.recommenders.engine.exclusion import Barred


@dataclass(eq=False)
class ScoringRecommender(LadderRecommender, ABC):
    """Ranks items by `_scores`, times what is popular now; one may also add `_learn` and `_likest`."""

    own_stage: ClassVar[Stage]
    "Of STAGES: where the items stand that it scores itself; a purchase repeated for its own sake is personal."

    popularity_power: float = 0.0
    "Scores are multiplied by popularity to this power, so that items in season come before others; 0 is not at all."

    half_life_days: float | None = None
    "A line counts half as much after so many days; None halves nothing."

    def scores(self, histories: Histories, cutoff: date) -> np.ndarray:
        """(n, m) float32: how good each item is for each history, whose codes are the model's; 0 is not known."""
        scores = self._scores(histories, cutoff)
        scores *= self._season_at(cutoff)
        return scores

    @abstractmethod
    def shares(self, histories: Histories, row: int, items: np.ndarray, cutoff: date) -> tuple[np.ndarray, np.ndarray]:
        """What each thing bought adds to the scores of some items (codes, (j,)) for one row of the histories.

        The codes of the history's different items, (h,), and their parts, (h, j): each column adds up to the item's
        score before the season's factor. Sources: linear models are sums; of ALS see Hu et al. 2008, section 5.
        """

    def _write_own(self, answer: Answer, histories: Histories, barred: Barred, cutoff: date) -> None:
        scores = self.scores(histories, cutoff)
        barred.out_of(scores)
        answer.write_best(scores, self.own_stage)
        self._explain(answer, histories, cutoff)
        if self.similarity_model_ is not None:
            self.similarity_model_.fill(answer, histories, barred, cutoff)

    def _explain(self, answer: Answer, histories: Histories, cutoff: date) -> None:
        """Write `contributors`: the item of the history with the largest share in the score."""
        for row in range(len(histories)):
            own = answer.items[row] >= 0
            if own.any():
                items, shares = self._said(histories, row, answer.items[row][own], cutoff)
                answer.contributors[row][own] = items[shares.argmax(axis=0)]
        answer.stages[(answer.contributors >= 0) & (answer.contributors == answer.items)] = STAGES.index(Stage.PERSONAL)

    def _said(self, histories: Histories, row: int, items: np.ndarray, cutoff: date) -> tuple[np.ndarray, np.ndarray]:
        """As of `shares`, in any proportion to the score; for models where the score itself costs much."""
        return self.shares(histories, row, items, cutoff)

    def _season_at(self, cutoff: date) -> np.ndarray:
        """(m,) float32: what each score is multiplied by; the popularity of the fit, for models that know no other."""
        return self._season

    @cached_property
    def _season(self) -> np.ndarray:
        return (self.popularity_**self.popularity_power).astype(np.float32)

    @abstractmethod
    def _scores(self, histories: Histories, cutoff: date) -> np.ndarray:
        """A new (n, m) float32 matrix, above zero where the model has something to say for an item."""


def item_weights(histories: Histories, weights: np.ndarray) -> np.ndarray:
    """The weights of the lines summed by customer and item, a new (n, m) float32."""
    shape = (len(histories), len(histories.item_ids))
    cells = histories.customers * shape[1] + histories.items
    return np.bincount(cells, weights, minlength=shape[0] * shape[1]).astype(np.float32).reshape(shape)


def past_of(
    histories: Histories, row: int, half_life_days: float | None, cutoff: date
) -> tuple[np.ndarray, np.ndarray]:
    """One history summed up: its different items, (h,) codes in order, and the decayed number of purchases of each."""
    lines = slice(int(histories.indptr[row]), int(histories.indptr[row + 1]))
    items, places = np.unique(histories.items[lines], return_inverse=True)
    weights = weights_of(histories.times[lines], half_life_days, cutoff)
    return items, np.bincount(places, weights, minlength=len(items))
