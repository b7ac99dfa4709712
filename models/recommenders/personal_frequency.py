"""What this customer buys again and again: a strong answer wherever purchases repeat (groceries, supplies)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import numpy as np

from core.interactions import Histories
from core.recommendations import Stage
from models.recommenders.engine.scoring import ScoringRecommender, item_weights, past_of
from models.recommenders.engine.search_ranges import HALF_LIVES, POPULARITY_POWER, SPANS, Ranges


@dataclass(eq=False)
class PersonalFrequency(ScoringRecommender):
    """Ranks the items of the history by how often they were bought, recent purchases counting more."""

    name: ClassVar[str] = "personal_frequency"
    own_stage: ClassVar[Stage] = Stage.PERSONAL
    ranges: ClassVar[Ranges] = {
        "half_life_days": HALF_LIVES,
        "span_days": SPANS,
        "popularity_power": POPULARITY_POWER,
    }

    # Best NDCG@10 on online_retail II, 28 days from 2010-07-07 and 2010-08-04: .395, and .349 without popularity.
    popularity_power: float = 0.4
    half_life_days: float | None = 180.0

    def _scores(self, histories: Histories, cutoff: date) -> np.ndarray:
        return item_weights(histories, histories.weights(self.half_life_days, cutoff))

    def shares(self, histories: Histories, row: int, items: np.ndarray, cutoff: date) -> tuple[np.ndarray, np.ndarray]:
        """An item is recommended because of its own purchases."""
        past, weights = past_of(histories, row, self.half_life_days, cutoff)
        return past, weights[:, None] * (past[:, None] == items)
