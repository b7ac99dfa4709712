"""The recommender as it is released: the model, the best items of everybody on record, and what surrounds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from core.interactions import codes_of
from core.recommendations import Recommendations
from models.artifact import Artifact
from models.recommenders.catalogue import RECOMMENDERS
from models.recommenders.cold_start.item_model import with_newcomers
from models.recommenders.cold_start.items import Newcomers
from models.recommenders.engine.base import LadderRecommender
from models.recommenders.engine.contributions import largest_shares
from serving.release.batch_recommend import TOP_ARRAYS, best_for
from serving.release.context_models import ContextModels
from serving.release.customer_part import CustomerPart
from serving.release.item_part import ItemPart

SPARE_SHARE = 0.5
"So many more items than asked for are worked out, so that what sells out during the day can be left out."


@dataclass(frozen=True)
class WorkedOut:
    """Answers as arrays, with the share of `contributors` in each score, (n, k) float32; NaN where there is none."""

    best: Recommendations
    shares: np.ndarray


@dataclass(frozen=True, eq=False)
class RecommenderPart:
    """What is needed to recommend to anybody; row i of what is by customer is of the i-th id of their index."""

    model: LadderRecommender
    "The champion; where it knows no likeness of items, with a model beside it that does. Knows the newcomers."
    newcomers: Newcomers
    "Items of the table that nobody has bought yet."
    customers: CustomerPart
    items: ItemPart
    around: ContextModels
    top: WorkedOut
    "The best items of each customer, worked out beforehand."
    cutoff: date

    @classmethod
    def of(
        cls,
        model: LadderRecommender,
        newcomers: Newcomers,
        customers: CustomerPart,
        items: ItemPart,
        around: ContextModels,
        cutoff: date,
        k: int,
    ) -> RecommenderPart:
        """Work out everybody's best items, k and some more; the model knows the newcomers already."""
        width, everybody = k + max(1, round(SPARE_SHARE * k)), np.arange(len(customers))
        best = best_for(model, customers, around, everybody, width, cutoff, items.unavailable)
        shares = largest_shares(model, customers.histories, best.items, best.contributors, cutoff)
        return cls(model, newcomers, customers, items, around, WorkedOut(best, shares), cutoff)

    def artifacts(self) -> dict[str, Artifact]:
        """The part as it lies in a release, a folder each."""
        arrays = {f"top_{name}": getattr(self.top.best, name) for name in TOP_ARRAYS} | {"top_shares": self.top.shares}
        parts = {
            "recommender": Artifact("recommendations", {"cutoff": self.cutoff.isoformat()}, arrays),
            "recommender_model": self.model.to_artifact(),
            "customers": self.customers.to_artifact(),
            "items": self.items.to_artifact(),
            "newcomers": self.newcomers.to_artifact(),
        }
        if self.model.similarity_model_ is not None:
            parts["similar_items_model"] = self.model.similarity_model_.to_artifact()
        return parts | self.around.artifacts()

    @classmethod
    def from_artifacts(cls, parts: Mapping[str, Artifact]) -> RecommenderPart:
        """The part as it was."""
        newcomers, arrays = Newcomers.from_artifact(parts["newcomers"]), parts["recommender"].arrays
        model = with_newcomers(_stored_model(parts), newcomers)
        customers = CustomerPart.from_artifact(parts["customers"], model.item_ids)
        ids = customers.index.ids
        best = Recommendations(
            ids, model.item_ids, *(arrays[f"top_{name}"] for name in TOP_ARRAYS), shortfalls=("",) * len(ids)
        )
        return cls(
            model,
            newcomers,
            customers,
            ItemPart.from_artifact(parts["items"], model.item_ids),
            ContextModels.from_artifacts(parts),
            WorkedOut(best, arrays["top_shares"]),
            date.fromisoformat(parts["recommender"].state["cutoff"]),
        )

    def code_of(self, item_id: str) -> int:
        """Where an item stands in the model's catalogue; -1 where the model has never heard of it."""
        return int(codes_of(np.array([item_id]), self.model.item_ids)[0])

    def worked_out(self, row: int, k: int, gone: np.ndarray | None = None) -> WorkedOut | None:
        """The k best items of a customer on record, where so many were worked out; without the gone ones, (m,) bool."""
        items = self.top.best.items[row]
        kept = items >= 0 if gone is None else (items >= 0) & ~gone[items]
        places = np.flatnonzero(kept)[:k]
        if len(places) < k:
            return None
        return self._picked(np.array([row]), places[None])

    def best_of(self, rows: np.ndarray, k: int, gone: np.ndarray) -> WorkedOut:
        """The k best items of some customers on record, by their rows, without the gone ones, (m,) bool."""
        items = self.top.best.items[rows]
        kept = (items >= 0) & ~gone[items]
        lacking = np.flatnonzero(kept.sum(axis=1) < k)
        if len(lacking) == len(rows):
            return self._asked(rows, k, gone)
        found = self._picked(rows, np.argsort(~kept, axis=1, kind="stable")[:, :k])
        if len(lacking):
            asked = self._asked(rows[lacking], k, gone)
            for name in TOP_ARRAYS:
                getattr(found.best, name)[lacking] = getattr(asked.best, name)
            found.shares[lacking] = asked.shares
        return found

    def _picked(self, rows: np.ndarray, places: np.ndarray) -> WorkedOut:
        top, at = self.top.best, rows[:, None]
        picked = (getattr(top, name)[at, places] for name in TOP_ARRAYS)
        best = Recommendations(top.customer_ids[rows], top.item_ids, *picked, shortfalls=("",) * len(rows))
        return WorkedOut(best, self.top.shares[at, places])

    def _asked(self, rows: np.ndarray, k: int, gone: np.ndarray) -> WorkedOut:
        best = best_for(self.model, self.customers, self.around, rows, k, self.cutoff, np.flatnonzero(gone))
        histories = self.customers.histories.take(rows)
        return WorkedOut(best, largest_shares(self.model, histories, best.items, best.contributors, self.cutoff))


def _stored_model(parts: Mapping[str, Artifact]) -> LadderRecommender:
    """The champion as it was registered, with the one beside it."""
    model = _recommender(parts["recommender_model"])
    return model.with_beside(_recommender(parts["similar_items_model"])) if "similar_items_model" in parts else model


def _recommender(stored: Artifact) -> LadderRecommender:
    return RECOMMENDERS[stored.model].from_artifact(stored)
