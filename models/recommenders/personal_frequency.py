"""What this customer buys again and again: a strong answer wherever purchases repeat (groceries, supplies)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import numpy as np

from core.interactions import Histories
from models.recommenders.answer import Answer
from models.recommenders.ladder import LadderRecommender


@dataclass(eq=False)
class PersonalFrequency(LadderRecommender):
    """Ranks the items of the history by how often they were bought, recent purchases counting more."""

    name: ClassVar[str] = "personal_frequency"
    own_rung: ClassVar[str] = "personal"

    half_life_days: float = 90.0
    "A purchase counts half as much after so many days."

    def _scores(self, histories: Histories, cutoff: date) -> np.ndarray:
        return item_weights(histories, histories.weights(self.half_life_days, cutoff))

    def _explain(self, answer: Answer, histories: Histories, cutoff: date) -> None:
        """An item is recommended because of its own purchases."""
        answer.because[:] = answer.items


def item_weights(histories: Histories, weights: np.ndarray) -> np.ndarray:
    """The weights of the lines summed by customer and item, a new (n, m) float32."""
    shape = (len(histories), len(histories.item_ids))
    cells = histories.customers * shape[1] + histories.items
    return np.bincount(cells, weights, minlength=shape[0] * shape[1]).astype(np.float32).reshape(shape)
