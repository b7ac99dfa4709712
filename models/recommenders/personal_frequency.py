"""The customer's own frequent purchases: a strong baseline wherever purchases repeat (groceries, supplies)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from core.interactions import Histories
from core.recommendations import Stage
from models.recommenders.engine.row_scores import RowScores
from models.recommenders.engine.scoring import ScoringRecommender, item_weights, sum_history, weigh_purchased
from models.recommenders.engine.search_ranges import HALF_LIVES, POPULARITY_POWER, SPANS, Ranges
from models.setting_types import HalfLife, Power


@dataclass(eq=False)
class PersonalFrequency(ScoringRecommender):
    """Ranks the items of the history by how often they were bought; recent purchases weigh more."""

    name: ClassVar[str] = "personal_frequency"
    stage: ClassVar[Stage] = Stage.PERSONAL
    ranges: ClassVar[Ranges] = {
        "half_life_days": HALF_LIVES,
        "span_days": SPANS,
        "popularity_power": POPULARITY_POWER,
    }

    # Best NDCG@10 on online_retail II, 28 days from 2010-07-07 and 2010-08-04: .395; .349 without popularity.
    popularity_power: Power = 0.4
    half_life_days: HalfLife | None = 180.0

    def _raw_scores(self, histories: Histories, cutoff: date) -> NDArray[np.float32]:
        return item_weights(histories, histories.weights(self.half_life_days, cutoff))

    def _find_candidates(self, history: Histories, cutoff: date) -> RowScores | None:
        bought = weigh_purchased(history, history.weights(self.half_life_days, cutoff))
        row = RowScores(bought.items, bought.weights, len(self.item_ids))
        return row.multiply_by(self._popularity_factor(cutoff))

    def contributions(
        self, histories: Histories, row: int, *, items: NDArray[np.integer], cutoff: date
    ) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
        """Only an item's own purchases contribute to it."""
        past, weights = sum_history(histories, row, half_life_days=self.half_life_days, cutoff=cutoff)
        return past, weights[:, None] * (past[:, None] == items)


MODEL = PersonalFrequency
