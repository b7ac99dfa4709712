"""A model is asked as the split says: everybody in order, on their own day, seen items left out where masked."""

from __future__ import annotations

from datetime import date

import numpy as np

from core.interactions import Histories
from core.recommendations import Recommendations
from models.metrics.generate import answers
from models.metrics.protocols import HeldOutShare, LastBasketOut
from models.protocols import Exclusions
from models.recommenders.popularity import Popularity
from tests.baskets import bought, checkerboard


class Diary(Popularity):
    """Popularity that writes down who is asked about on which day."""

    def recommend(
        self,
        histories: Histories,
        k: int,
        cutoff: date | None = None,
        exclusions: Exclusions | None = None,
        starting: tuple[np.ndarray, str] | None = None,
    ) -> Recommendations:
        self.days = {**getattr(self, "days", {}), **dict.fromkeys(histories.customer_ids.tolist(), str(cutoff))}
        return super().recommend(histories, k, cutoff, exclusions, starting)


def test_each_is_asked_on_their_own_day_and_answered_in_order():
    split = LastBasketOut().split(
        bought("ada 2024-01-01 a", "ada 2024-03-01 b", "bo 2024-01-01 b", "bo 2024-02-01 a", "cyd 2024-01-01 a",
               "cyd 2024-03-01 c")
    )  # fmt: skip
    diary = Diary().fit(split.learnt_from)

    answered = answers(diary, split, k=2)

    assert answered.customer_ids.tolist() == ["ada", "bo", "cyd"]
    assert diary.days == {"ada": "2024-03-01", "bo": "2024-02-01", "cyd": "2024-03-01"}


def test_seen_items_are_left_out_where_the_split_masks_them():
    split = HeldOutShare(0.5).split(checkerboard(8))

    answered = answers(Popularity().fit(split.learnt_from), split, k=4)

    seen = split.asking.matrix().toarray() > 0
    rows, columns = np.nonzero(answered.items >= 0)
    assert not seen[rows, answered.items[rows, columns]].any()
