"""A recommender of a release: the model, every customer's precomputed top items, and the models beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from core.interactions import Histories, codes_of_ids
from core.model_kinds import RECOMMENDER
from core.recommendations import STAGES, Recommendations, Stage
from core.recommender_experiment import Arm
from models.artifact import Artifact
from models.recommenders.catalogue import RECOMMENDERS
from models.recommenders.cold_start.items import ColdStartItems, add_cold_start_items
from models.recommenders.engine.base import Recommender
from models.recommenders.engine.exclusions import Exclusions
from models.recommenders.engine.scoring import MANY_ITEMS, contributor_shares
from serving.release.context_models import ContextModels
from serving.release.customer_part import CustomerPart
from serving.release.item_part import ItemPart
from serving.release.repeat_rules import RepeatRules

NAME = RECOMMENDER.name
TOP_ARRAYS = ("items", "scores", "stages", "contributors")
RANKED_AT_ONCE = 2_000
"Customers whose items are ranked at a time."
SHARES_AT_ONCE = 16
"Customers whose contributors are found at a time."
SPARE_SHARE = 0.5
"Extra precomputed items as a share of k, so that items that sell out during the day can be skipped."


@dataclass(frozen=True)
class TopItems:
    """The best items of n customers."""

    best: Recommendations
    shares: NDArray[np.float32]
    "(n, k): the share of `best.contributors` in each score; NaN if there is no contributor."


@dataclass(frozen=True)
class BatchRanker:
    """Ranks items for many customers on record at once."""

    model: Recommender
    customers: CustomerPart
    context_models: ContextModels
    cutoff: date
    rules: RepeatRules

    def rank(self, rows: NDArray[np.int64], k: int, *, unavailable: NDArray[np.int32]) -> TopItems:
        """The k best items of some customers, by their rows, without the unavailable ones (codes).

        Where a history yields fewer than k items, the customer's profile comes before popularity. Customers are ranked
        in blocks: for each few of them the models look through what is excluded for all that they get.
        """
        is_gone = np.zeros(len(self.model.item_ids), dtype=np.bool_)
        is_gone[unavailable] = True
        exclusions = self.rules.exclude(is_gone)
        # A model finds an item's contributions at once for the customer whose candidates it has just scored.
        ranks_each = len(self.model.item_ids) >= MANY_ITEMS and len(rows) > 1
        starts = range(0, max(len(rows), 1), RANKED_AT_ONCE)
        rank = self._rank_each if ranks_each else self._rank_block
        blocks = [rank(rows[i : i + RANKED_AT_ONCE], k, exclusions=exclusions) for i in starts]
        return blocks[0] if len(blocks) == 1 else _join(blocks)

    def _rank_each(self, rows: NDArray[np.int64], k: int, *, exclusions: Exclusions) -> TopItems:
        return _join([self._rank_block(row, k, exclusions=exclusions) for row in rows[:, None]])

    def _rank_block(self, rows: NDArray[np.int64], k: int, *, exclusions: Exclusions) -> TopItems:
        histories = self.customers.histories.take(rows)
        best = self.model.recommend(histories, k, cutoff=self.cutoff, exclusions=exclusions)
        short = np.flatnonzero((best.stages == STAGES.index(Stage.POPULARITY)).any(axis=1))
        for places in self._group_by_profile(rows, short):
            start = self.context_models.cold_start(self.customers.profile_of(int(rows[places[0]])))
            if start is not None:
                better = self.model.recommend(
                    histories.take(places), k, cutoff=self.cutoff, exclusions=exclusions, cold_start=start
                )
                for name in TOP_ARRAYS:
                    getattr(best, name)[places] = getattr(better, name)
        return TopItems(best, self._find_shares(histories, best))

    def _find_shares(self, histories: Histories, best: Recommendations) -> NDArray[np.float32]:
        """The share of each contributor, (n, k).

        Block by block: a model with new items codes all histories that it gets anew for each customer.
        """
        shares = np.empty(best.items.shape, dtype=np.float32)
        for start in range(0, len(histories), SHARES_AT_ONCE):
            rows = np.arange(start, min(start + SHARES_AT_ONCE, len(histories)))
            shares[rows] = contributor_shares(
                self.model,
                histories.take(rows) if len(histories) > 1 else histories,
                items=best.items[rows],
                contributors=best.contributors[rows],
                cutoff=self.cutoff,
            )
        return shares

    def _group_by_profile(self, rows: NDArray[np.int64], places: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """The places of some rows, grouped by equal profiles, which share their cold-start scores."""
        groups: dict[bytes, list[int]] = {}
        for place in places.tolist():
            row = int(rows[place])
            if self.customers.has_profile(row):
                groups.setdefault(bytes(self.customers.profiles[row]), []).append(place)
        return [np.array(group) for group in groups.values()]


@dataclass(frozen=True, eq=False, kw_only=True)
class RecommenderPart:
    """Everything needed to recommend items to any customer; customer rows follow `customers.index`."""

    model: Recommender
    "The registered model with a similarity model, if it has none itself. It covers the new items."
    new_items: ColdStartItems
    "Items of the items table without purchases."
    customers: CustomerPart
    items: ItemPart
    context_models: ContextModels
    top: TopItems
    "The precomputed best items of each customer, by the rules."
    cutoff: date
    rules: RepeatRules = field(default_factory=RepeatRules)
    arm: Arm = Arm.CHAMPION
    "Of an experiment; without one, there is the champion alone."

    @classmethod
    def of(
        cls,
        model: Recommender,
        new_items: ColdStartItems,
        *,
        customers: CustomerPart,
        items: ItemPart,
        context_models: ContextModels,
        cutoff: date,
        k: int,
        rules: RepeatRules | None = None,
    ) -> RecommenderPart:
        """Precompute the best items of every customer, k and some spare ones; the model must cover the new items."""
        rules = rules or RepeatRules()
        ranker = BatchRanker(model, customers, context_models, cutoff, rules)
        width = k + max(1, round(SPARE_SHARE * k))
        return cls(
            model=model,
            new_items=new_items,
            customers=customers,
            items=items,
            context_models=context_models,
            top=ranker.rank(np.arange(len(customers)), width, unavailable=items.unavailable),
            cutoff=cutoff,
            rules=rules,
        )

    def to_artifacts(self) -> dict[str, Artifact]:
        """The part as folders of a release."""
        arrays = {f"top_{name}": getattr(self.top.best, name) for name in TOP_ARRAYS} | {"top_shares": self.top.shares}
        artifacts = {
            NAME: Artifact("recommendations", {"cutoff": self.cutoff.isoformat(), **asdict(self.rules)}, arrays),
            "recommender_model": self.model.to_artifact(),
            "customers": self.customers.to_artifact(),
            "items": self.items.to_artifact(),
            "new_items": self.new_items.to_artifact(),
        }
        if self.model.similarity_model_ is not None:
            artifacts["similarity_model"] = self.model.similarity_model_.to_artifact()
        return artifacts | self.context_models.to_artifacts()

    @classmethod
    def from_artifacts(cls, artifacts: Mapping[str, Artifact]) -> RecommenderPart:
        """The part that was stored."""
        new_items = ColdStartItems.from_artifact(artifacts["new_items"])
        arrays, state = artifacts[NAME].arrays, artifacts[NAME].state
        model = add_cold_start_items(_read_model(artifacts), new_items)
        customers = CustomerPart.from_artifact(artifacts["customers"], model.item_ids)
        ids = artifacts["customers"].arrays["ids"]
        best = Recommendations(
            customer_ids=ids,
            item_ids=model.item_ids,
            **{name: arrays[f"top_{name}"] for name in TOP_ARRAYS},
            shortfalls=("",) * len(ids),
        )
        return cls(
            model=model,
            new_items=new_items,
            customers=customers,
            items=ItemPart.from_artifact(artifacts["items"], model.item_ids),
            context_models=ContextModels.from_artifacts(artifacts),
            top=TopItems(best, arrays["top_shares"]),
            cutoff=date.fromisoformat(state["cutoff"]),
            rules=RepeatRules(**{name.name: state[name.name] for name in fields(RepeatRules) if name.name in state}),
        )

    def code_of(self, item_id: str) -> int:
        """The code of an item in the model's catalogue, or -1."""
        return int(codes_of_ids([item_id], self.model.item_ids)[0])

    def look_up_top(self, row: int, k: int, *, gone: NDArray[np.bool_] | None = None) -> TopItems | None:
        """The k best precomputed items of a customer that are not `gone`, (m,); None if fewer than k are left.

        None, too, where items were added since the lists were computed.
        """
        if self.customers.moved is not None:
            return None
        items = self.top.best.items[row]
        is_left = items >= 0 if gone is None else (items >= 0) & ~gone[items]
        places = np.flatnonzero(is_left)[:k]
        if len(places) < k:
            return None
        return self._select_precomputed(np.array([row]), places[None])

    def best_items(self, rows: NDArray[np.int64], k: int, *, gone: NDArray[np.bool_]) -> TopItems:
        """The k best items of some customers that are not `gone`, (m,); precomputed where enough are left."""
        items = self.top.best.items[rows]
        is_left = (items >= 0) & ~gone[items]
        short = np.flatnonzero(is_left.sum(axis=1) < k)
        unavailable = np.flatnonzero(gone).astype(np.int32)
        if len(short) == len(rows):
            return self._ranker.rank(rows, k, unavailable=unavailable)
        top = self._select_precomputed(rows, np.argsort(~is_left, axis=1, kind="stable")[:, :k])
        if len(short):
            computed = self._ranker.rank(rows[short], k, unavailable=unavailable)
            for name in TOP_ARRAYS:
                getattr(top.best, name)[short] = getattr(computed.best, name)
            top.shares[short] = computed.shares
        return top

    @property
    def _ranker(self) -> BatchRanker:
        return BatchRanker(self.model, self.customers, self.context_models, self.cutoff, self.rules)

    def _select_precomputed(self, rows: NDArray[np.int64], places: NDArray[np.int64]) -> TopItems:
        top, at = self.top.best, rows[:, None]
        best = Recommendations(
            customer_ids=top.customer_ids[rows],
            item_ids=top.item_ids,
            **{name: getattr(top, name)[at, places] for name in TOP_ARRAYS},
            shortfalls=("",) * len(rows),
        )
        return TopItems(best, self.top.shares[at, places])


def _join(blocks: list[TopItems]) -> TopItems:
    """The best items of the customers of all blocks, in order."""
    parts = [one.best for one in blocks]
    best = replace(
        parts[0],
        customer_ids=np.concatenate([one.customer_ids for one in parts]),
        **{name: np.concatenate([getattr(one, name) for one in parts]) for name in TOP_ARRAYS},
        shortfalls=tuple(chain.from_iterable(one.shortfalls for one in parts)),
    )
    return TopItems(best, np.concatenate([one.shares for one in blocks]))


def _read_model(artifacts: Mapping[str, Artifact]) -> Recommender:
    """The registered champion, with the similarity model beside it."""
    model = _read_recommender(artifacts["recommender_model"])
    if "similarity_model" not in artifacts:
        return model
    return model.with_similarity_model(_read_recommender(artifacts["similarity_model"]))


def _read_recommender(artifact: Artifact) -> Recommender:
    return RECOMMENDERS[artifact.model].from_artifact(artifact)
