"""The base class of all recommenders: the contract that training, serving and evaluation use.

A list is filled stage by stage, from the most to the least personal:

    the model's own stage       what `_write_own_stage` scores, e.g. similar items or matrix factors
    similar items               from `similarity_model_`, for models that know no item similarity
    cold start                  the customer's stated preferences or segment, where the caller passes their scores
    popularity                  best sellers; they always fill what is left

Every stage applies the same exclusions, so no model can show an excluded item.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput, NotEnoughHistory
from core.interactions import Histories, Interactions, codes_of_ids
from core.recommendations import Recommendations, Stage
from models.artifact import Artifact
from models.protocols import Settings
from models.recommenders.engine.exclusions import ExcludedItems, Exclusions
from models.recommenders.engine.item_popularity import PopularityOrder, popularity_of
from models.recommenders.engine.last_result import forget_results, keep_last, without_results
from models.recommenders.engine.ranked_lists import ItemScores, RankedLists
from models.recommenders.engine.replenishment import default_gap, dueness, usual_gap_days
from models.recommenders.engine.search_ranges import Between, Ranges
from models.resources import GB, refuse_too_large
from models.setting_types import Days, HalfLife

CELLS_AT_ONCE = 2**18
"Scores in memory at a time, customers x items: 1 MB, which fits into a core's cache."


@dataclass(eq=False)
class Recommender:
    """Ranks items for a purchase history; on its own it has only the popularity stage.

    A history is an argument, not part of the fit: unknown customers and purchases of a second ago need no new fit.
    """

    name: ClassVar[str]
    stage: ClassVar[Stage] = Stage.POPULARITY
    "Of STAGES: the stage of the items that the model scores itself."
    fitted_arrays: ClassVar[tuple[str, ...]] = ()
    "Names of the arrays, without trailing underscore, that `_fit_model` sets and an artifact stores."
    has_item_similarity: ClassVar[bool] = False
    "Whether the model itself can compare items."

    ranges: ClassVar[Ranges] = {"popularity_half_life_days": Between(7, 120, log=True)}
    "Search ranges for tuning."

    popularity_half_life_days: HalfLife = 30.0
    "A purchase counts half as much for popularity after this many days; 21 to 30 were best on online_retail II."

    span_days: Days | None = None
    "Fit only on purchases of this many days before the cutoff; None uses all of them."

    item_ids: NDArray[np.str_] = field(init=False)
    "(m,) sorted: the items that can be recommended."
    cutoff_: date = field(init=False)
    popularity_: NDArray[np.float64] = field(init=False)
    "(m,) share of each item in all decayed purchases; sums to 1."
    gaps_: NDArray[np.float32] = field(init=False)
    "(m,) usual days between two purchases of an item; NaN where unknown."
    similarity_model_: Recommender | None = field(init=False, default=None)
    "A second model of the same items that compares items for this one; not part of the artifact."

    def __getstate__(self) -> dict[str, Any]:
        """Without what is computed again when it is needed."""
        return without_results(self)

    @property
    def settings(self) -> Settings:
        """The hyperparameters: `type(model)(**settings)` is the same model before its fit."""
        return {setting.name: getattr(self, setting.name) for setting in fields(self) if setting.init}

    def fit(self, interactions: Interactions, cutoff: date | None = None) -> Self:
        """Fit on all purchases before the cutoff (default: the day after the last purchase).

        Raises NotEnoughHistory where there is no such purchase, and NotEnoughMemory before it starts.
        """
        past = interactions if cutoff is None else interactions.before(cutoff)
        if not past.has_lines:
            raise NotEnoughHistory("no item was bought before the cutoff; recommendations need item_id in purchases")
        self.cutoff_ = cutoff or past.day_after_last
        recent = past if self.span_days is None else past.since(self.cutoff_ - timedelta(days=self.span_days))
        refuse_too_large(self.name, max(counting_gb(past), self.memory_gb(recent)))
        self.item_ids = past.item_ids
        self.popularity_ = popularity_of(past, self.popularity_half_life_days, cutoff=self.cutoff_)
        self.gaps_ = usual_gap_days(past)
        forget_results(self)
        self._fit_model(recent)
        return self

    def memory_gb(self, interactions: Interactions) -> float:
        """Estimated peak memory of a fit in 10^9 bytes, without the interactions themselves."""
        return counting_gb(interactions)

    def peak_memory_gb(self, interactions: Interactions) -> float:
        """The same including component models, which are fitted one after another."""
        return self.memory_gb(interactions)

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
        """The k best items for each history at the cutoff, none of them excluded and none twice.

        `cold_start` (see `cold_start/customers.py`) fills the places that the history leaves empty, before
        popularity does. Items have contributors, and the stages that follow from them, only where it `explains`.
        Raises BadInput for k below 1.
        """
        _check_k(k)
        if cold_start is not None:
            self._check_length(cold_start)
        day, histories = cutoff or self.cutoff_, histories.recode(self.item_ids)
        excluded = self._resolve(exclusions, histories, cutoff=day)
        lists = RankedLists.empty(len(histories), k)
        rows_at_once = max(1, CELLS_AT_ONCE // len(self.item_ids))
        for start in range(0, len(histories), rows_at_once):
            end = min(start + rows_at_once, len(histories))
            block = histories if end - start == len(histories) else histories.take(np.arange(start, end))
            rows, excluded_rows = lists.slice_rows(start, end), excluded.slice_rows(start, end)
            self._write_own_stage(rows, block, excluded=excluded_rows, cutoff=day, explains=explains)
            if self.similarity_model_ is not None and self.stage is not Stage.POPULARITY:
                self._append_similar(rows, block, excluded=excluded_rows, cutoff=day)
            if cold_start is not None:
                rows.append_best(cold_start, excluded_rows)
            rows.append_popular(self._order_without, self.popularity_, excluded=excluded_rows)
        return lists.to_recommendations(histories.customer_ids, self.item_ids)

    def rank_items(
        self,
        item_scores: ItemScores,
        histories: Histories,
        *,
        k: int,
        cutoff: date | None = None,
        exclusions: Exclusions | None = None,
    ) -> Recommendations:
        """The k best by given item scores, the same for every history but for exclusions; no other stage fills up.

        Raises BadInput for k below 1.
        """
        _check_k(k)
        self._check_length(item_scores)
        histories = histories.recode(self.item_ids)
        lists = RankedLists.empty(len(histories), k)
        lists.append_best(item_scores, self._resolve(exclusions, histories, cutoff=cutoff or self.cutoff_))
        return lists.to_recommendations(histories.customer_ids, self.item_ids, description=item_scores.description)

    def with_similarity_model(self, similarity_model: Recommender) -> Self:
        """A copy of this model whose item similarity comes from another model of the same items."""
        joined = copy(self)
        joined.similarity_model_ = similarity_model
        return joined

    def similar_items(self, item_id: str, k: int) -> list[tuple[str, float]]:
        """The k most similar items with their similarity, best first.

        Empty for an unknown item, and where neither this model nor its similarity model compares items.
        """
        if self.similarity_model_ is not None:
            return self.similarity_model_.similar_items(item_id, k)
        code = int(codes_of_ids([item_id], self.item_ids)[0])
        if code < 0 or k < 1:
            return []
        items, similarities = self._similar_items(code)
        best = np.lexsort((items, -similarities))[:k]
        return [
            (str(self.item_ids[item]), float(similarity))
            for item, similarity in zip(items[best], similarities[best], strict=True)
        ]

    def similarity_matrix(self, codes: NDArray[np.integer]) -> NDArray[np.float32]:
        """(c, c) similarity from 0 to 1 between c different items, given their codes; 1 on the diagonal.

        0 off the diagonal where neither this model nor its similarity model compares items.
        """
        matrix = (self.similarity_model_ or self)._similarity_matrix(np.asarray(codes)).astype(np.float32)
        np.fill_diagonal(matrix, 1)
        return matrix

    def to_artifact(self) -> Artifact:
        """The fitted model: settings and cutoff as JSON, item ids and numbers as arrays."""
        arrays = {"item_ids": self.item_ids, "popularity": self.popularity_, "gaps": self.gaps_}
        arrays |= {name: getattr(self, f"{name}_") for name in self.fitted_arrays}
        return Artifact(self.name, {"settings": self.settings, "cutoff": self.cutoff_.isoformat()}, arrays)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The stored model, which gives the same lists; its arrays may be memory-mapped files."""
        model = cls(**artifact.state["settings"])
        model.cutoff_ = date.fromisoformat(artifact.state["cutoff"])
        model.item_ids = artifact.arrays["item_ids"]
        model.popularity_ = artifact.arrays["popularity"]
        model.gaps_ = artifact.arrays["gaps"]
        for name in cls.fitted_arrays:
            setattr(model, f"{name}_", artifact.arrays[name])
        return model

    def _fit_model(self, interactions: Interactions) -> None:
        """Set the arrays named in `fitted_arrays`, each with a trailing underscore."""

    def _write_own_stage(
        self, lists: RankedLists, histories: Histories, *, excluded: ExcludedItems, cutoff: date, explains: bool = True
    ) -> None:
        """Write the model's own stage into empty lists, best item first; the base class has none."""

    def _similar_items(self, code: int) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
        """Codes of other items and their similarity to this one, above zero, in any order."""
        return np.empty(0, dtype=np.int64), np.empty(0)

    def _similarity_matrix(self, codes: NDArray[np.integer]) -> NDArray[np.floating]:
        """(c, c) as in `similarity_matrix`; the diagonal is ignored."""
        return scale_similarities([self._similar_items(int(code)) for code in codes], codes, n_items=len(self.item_ids))

    def _append_similar(
        self, lists: RankedLists, histories: Histories, *, excluded: ExcludedItems, cutoff: date
    ) -> None:
        """Fill the places that the own stage left empty with the similarity model's best items."""
        rows = np.flatnonzero((lists.items[:, -1] < 0) & (np.diff(histories.indptr) > 0))
        if self.similarity_model_ is None or not len(rows):
            return
        following = RankedLists.empty(len(rows), lists.items.shape[1])
        excluded_rows = excluded.add_listed(lists.items).take(rows)
        self.similarity_model_._write_own_stage(following, histories.take(rows), excluded=excluded_rows, cutoff=cutoff)
        lists.append_lists(rows, following)

    def _resolve(self, exclusions: Exclusions | None, histories: Histories, *, cutoff: date) -> ExcludedItems:
        excluded = ExcludedItems.resolve(exclusions, histories)
        if exclusions is None or not exclusions.not_due:
            return excluded
        bought = exclusions.find_bought(histories)
        return excluded.add_not_due(dueness(bought, self.gaps_, cutoff=cutoff, default_gap_days=self._default_gap))

    def _check_length(self, item_scores: ItemScores) -> None:
        if len(item_scores.scores) != len(self.item_ids):
            raise BadInput(
                f"{len(item_scores.scores)} item scores for {len(self.item_ids)} items; give one score for each item"
            )

    @keep_last
    def _order_without(self, excluded: NDArray[np.bool_] | None) -> NDArray[np.int64]:
        return self._popularity_order.without(excluded)

    @cached_property
    def _popularity_order(self) -> PopularityOrder:
        return PopularityOrder.of(self.popularity_)

    @cached_property
    def _default_gap(self) -> float:
        return default_gap(self.gaps_)


def counting_gb(interactions: Interactions) -> float:
    """Memory for counting popularity and usual gaps, in 10^9 bytes."""
    return (16 * len(interactions.item_ids) + 70 * len(interactions.items)) / GB


def scale_similarities(
    neighbours: Sequence[tuple[NDArray[np.integer], NDArray[np.floating]]],
    codes: NDArray[np.integer],
    *,
    n_items: int,
) -> NDArray[np.float64]:
    """(c, c) similarity from 0 to 1 between c different items, given each one's neighbours (codes, similarities > 0).

    The larger of the two directions, as a share of the largest similarity that either item has to any item. So the
    result does not depend on the scale of the model's similarities.
    """
    column_of = np.full(n_items, -1)
    column_of[codes] = np.arange(len(codes))
    directed = np.zeros((len(codes), len(codes)))
    for row, (items, similarities) in enumerate(neighbours):
        inside = column_of[items] >= 0
        directed[row, column_of[items[inside]]] = similarities[inside]
    largest = np.array([similarities.max(initial=0) for _, similarities in neighbours])
    scale = np.maximum(largest[:, None], largest)
    return np.maximum(directed, directed.T) / np.where(scale > 0, scale, 1)


def _check_k(k: int) -> None:
    if k < 1:
        raise BadInput(f"k is {k}; ask for at least 1 recommendation")
