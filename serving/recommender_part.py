"""The recommender as it is released: the model, every history, the best items of each customer, and what items are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from core.interactions import Histories, codes_of
from core.recommendations import Recommendations
from models.artifact import Artifact
from models.protocols import Exclusions
from models.recommenders.ladder import LadderRecommender
from serving.ids import IdIndex
from serving.packed import PackedJson

HISTORY_ARRAYS = ("indptr", "items", "times", "quantities", "orders")
TOP_ARRAYS = ("items", "scores", "rungs", "because")


@dataclass(frozen=True)
class RecommenderPart:
    """What is needed to recommend to anybody; row i is of the i-th id of the index."""

    model: LadderRecommender
    "The champion; where it knows no likeness of items, with a model beside it that does."
    index: IdIndex
    histories: Histories
    "Of the customers in the index; in the codes of the model's own item_ids."
    top: Recommendations
    "The best items of each, worked out beforehand."
    unavailable: np.ndarray
    "int32 codes of items that nobody is shown."
    descriptions: PackedJson
    "By item code: what the items table says of it, for the answer."
    cutoff: date

    @classmethod
    def of(
        cls,
        model: LadderRecommender,
        histories: Histories,
        cutoff: date,
        k: int,
        unavailable: np.ndarray,
        descriptions: Sequence[dict[str, str | float | None]],
    ) -> RecommenderPart:
        """Put the histories in the index's order and work out everybody's k best items."""
        index, order = IdIndex.of(histories.customer_ids)
        ordered = histories.recode(model.item_ids).take(order)
        top = model.recommend(ordered, k, cutoff, Exclusions(items=unavailable))
        return cls(model, index, ordered, top, unavailable, PackedJson.of(descriptions), cutoff)

    def to_artifact(self) -> Artifact:
        """Everything but the model, as it lies in a release."""
        arrays = {f"history_{name}": getattr(self.histories, name) for name in HISTORY_ARRAYS}
        arrays |= {f"top_{name}": getattr(self.top, name) for name in TOP_ARRAYS}
        arrays |= {
            "ids": self.index.ids,
            "unavailable": self.unavailable,
            "descriptions": self.descriptions.content,
            "description_offsets": self.descriptions.offsets,
        }
        return Artifact("recommendations", {"cutoff": self.cutoff.isoformat()}, arrays)

    @classmethod
    def from_artifact(cls, artifact: Artifact, model: LadderRecommender) -> RecommenderPart:
        """The part as it was."""
        arrays = artifact.arrays
        ids = arrays["ids"]
        return cls(
            model,
            IdIndex(ids),
            Histories(ids, model.item_ids, *(arrays[f"history_{name}"] for name in HISTORY_ARRAYS)),
            Recommendations(
                ids, model.item_ids, *(arrays[f"top_{name}"] for name in TOP_ARRAYS), shortfalls=("",) * len(ids)
            ),
            arrays["unavailable"],
            PackedJson(arrays["descriptions"], arrays["description_offsets"]),
            date.fromisoformat(artifact.state["cutoff"]),
        )

    @cached_property
    def unavailable_ids(self) -> frozenset[str]:
        """The ids of the items that nobody is shown."""
        return frozenset(self.model.item_ids[self.unavailable].tolist())

    def knows(self, item_id: str) -> bool:
        """Whether the model has learnt anything about this item."""
        return bool(codes_of(np.array([item_id]), self.model.item_ids)[0] >= 0)

    def history_of(self, customer_id: str | None, bought_since: Sequence[str], now: np.datetime64) -> Histories:
        """One history: what is on record of the customer, and then the items that the caller names, as bought now."""
        row = -1 if customer_id is None else self.index.find(customer_id)
        since = Histories.of_items([bought_since], self.model.item_ids, now)
        lines = slice(0, 0) if row < 0 else slice(*(int(end) for end in self.histories.indptr[row : row + 2]))
        joined = {
            name: np.concatenate([getattr(self.histories, name)[lines], getattr(since, name)])
            for name in ("items", "times", "quantities", "orders")
        }
        indptr = np.array([0, len(joined["items"])], dtype=np.int64)
        return Histories(since.customer_ids, self.model.item_ids, indptr, **joined)

    def worked_out(self, customer_id: str, k: int) -> Recommendations | None:
        """The k best items of a customer on record, where so many were worked out beforehand."""
        row = self.index.find(customer_id)
        if row < 0 or k > self.top.items.shape[1] or self.top.items[row, k - 1] < 0:
            return None
        return self.best_of(np.array([row]), k)

    def best_of(self, rows: np.ndarray, k: int) -> Recommendations:
        """The k best items of some customers on record, by their rows."""
        if k <= self.top.items.shape[1]:
            best = (getattr(self.top, name)[rows, :k] for name in TOP_ARRAYS)
            return Recommendations(self.index.ids[rows], self.model.item_ids, *best, shortfalls=("",) * len(rows))
        return self.model.recommend(self.histories.take(rows), k, self.cutoff, Exclusions(self.unavailable))

    def recommend(self, history: Histories, k: int, excluded: Sequence[str] = ()) -> Recommendations:
        """The k best items for one history, without the excluded ones."""
        return self.model.recommend(history, k, self.cutoff, Exclusions(self.unavailable, [excluded]))
