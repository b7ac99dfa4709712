"""Recommendations for a split: customers in order, each on their own day, without masked items."""

from __future__ import annotations

from datetime import date

import numpy as np

from core.interactions import Histories
from core.recommendations import Recommendations
from models.metrics.ranking.protocols.held_out_share import HeldOutShare
from models.metrics.ranking.protocols.last_basket_out import LastBasketOut
from models.metrics.ranking.splits import generate_recommendations
from models.recommenders.engine.exclusions import Exclusions
from models.recommenders.engine.ranked_lists import ItemScores
from models.recommenders.popularity import Popularity
from tests.baskets import checkerboard, interactions


class Diary(Popularity):
    """Popularity that records the day of each customer."""

    def recommend(
        self,
        histories: Histories,
        k: int,
        *,
        cutoff: date | None = None,
        exclusions: Exclusions | None = None,
        cold_start: ItemScores | None = None,
        explains: bool = True,
    ) -> Recommendations:
        self.days = {**getattr(self, "days", {}), **dict.fromkeys(histories.customer_ids.tolist(), str(cutoff))}
        return super().recommend(
            histories, k, cutoff=cutoff, exclusions=exclusions, cold_start=cold_start, explains=explains
        )


def test_each_customer_is_evaluated_on_their_own_day_and_in_the_order_of_the_split():
    split = LastBasketOut().split(
        interactions("ada 2024-01-01 a", "ada 2024-03-01 b", "bo 2024-01-01 b", "bo 2024-02-01 a", "cyd 2024-01-01 a",
               "cyd 2024-03-01 c")
    )  # fmt: skip
    diary = Diary().fit(split.training)

    lists = generate_recommendations(diary, split, k=2)

    assert lists.customer_ids.tolist() == ["ada", "bo", "cyd"]
    assert diary.days == {"ada": "2024-03-01", "bo": "2024-02-01", "cyd": "2024-03-01"}


def test_seen_items_are_excluded_where_the_split_masks_them():
    split = HeldOutShare(0.5).split(checkerboard(8))

    lists = generate_recommendations(Popularity().fit(split.training), split, k=4)

    seen = split.histories.matrix().toarray() > 0
    rows, columns = np.nonzero(lists.items >= 0)
    assert not seen[rows, lists.items[rows, columns]].any()
