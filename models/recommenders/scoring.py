"""A recommender with a rung of its own: it scores items for a history, and what it scores above zero stands there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import ClassVar

import numpy as np

from core.interactions import Histories
from models.recommenders.answer import Answer
from models.recommenders.exclusion import Barred
from models.recommenders.ladder import LadderRecommender


@dataclass(eq=False)
class ScoringRecommender(LadderRecommender, ABC):
    """Ranks items by `_scores`, times what is popular now; one may also add `_learn` and `_likest`."""

    own_rung: ClassVar[str]
    "Of RUNGS: where the items stand that it scores itself."

    popularity_power: float = 0.0
    "Scores are multiplied by popularity to this power, so that items in season come before others; 0 is not at all."

    def _write_own(self, answer: Answer, histories: Histories, barred: Barred, cutoff: date) -> None:
        scores = self._scores(histories, cutoff)
        scores *= self._season
        scores[:, barred.everywhere] = 0
        scores[barred.rows, barred.items] = 0
        answer.write_best(scores, self.own_rung)
        self._explain(answer, histories, cutoff)
        if self.beside_ is not None:
            self.beside_.fill(answer, histories, barred, cutoff)

    @cached_property
    def _season(self) -> np.ndarray:
        return (self.popularity_**self.popularity_power).astype(np.float32)

    @abstractmethod
    def _scores(self, histories: Histories, cutoff: date) -> np.ndarray:
        """A new (n, m) float32 matrix, above zero where the model has something to say for an item."""

    @abstractmethod
    def _explain(self, answer: Answer, histories: Histories, cutoff: date) -> None:
        """Write `because`, for items that stand on the model's own rung."""


def item_weights(histories: Histories, weights: np.ndarray) -> np.ndarray:
    """The weights of the lines summed by customer and item, a new (n, m) float32."""
    shape = (len(histories), len(histories.item_ids))
    cells = histories.customers * shape[1] + histories.items
    return np.bincount(cells, weights, minlength=shape[0] * shape[1]).astype(np.float32).reshape(shape)
