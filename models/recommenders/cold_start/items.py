"""Cold start of items: items without any purchase borrow from the purchased items that their attributes resemble.

    similarity = mean over the known attributes of the new item of
                 1 where the category, brand, ... is the same, and lower price / higher price

`CurrentItems.is_new` decides which items without a purchase are new: one that has been listed for long is not. A
neighbour must share at least one categorical value: a similar price alone says nothing, so an item without any
category, brand, ... resembles no other. `add_cold_start_items` extends a fitted model by the new items:

    score of a new item = discount * mean of its neighbours' scores for this history, weighted by similarity

A new item's contributions are those of its neighbours, and it ranks before popularity where the model has evidence.
The extended model stores the original model; its `ColdStartItems` are an artifact of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from core.errors import BadInput
from core.interactions import Histories, Interactions, codes_of, lines_of
from core.item_attributes import ItemAttributes
from models.artifact import Artifact
from models.protocols import Settings
from models.recommenders.engine.base import Recommender
from models.recommenders.engine.last_result import keep_last
from models.recommenders.engine.ranked_lists import select_best
from models.recommenders.engine.row_scores import RowScores
from models.recommenders.engine.scoring import ScoringRecommender

CELLS_AT_ONCE = 2**22
"Similarities in memory at a time, new x purchased items."

Number = TypeVar("Number", bound=np.floating)

DISCOUNT = 0.5
"Weight of similar attributes against purchases. A judgement: new items have no past to tune it on."


@dataclass(frozen=True, kw_only=True)
class ColdStartItems:
    """Items without any purchase, and the purchased items that they resemble."""

    item_ids: NDArray[np.str_]
    "(n,) sorted."
    indptr: NDArray[np.int64]
    "(n + 1,) bounds of each item's row in `neighbours` and `similarities`."
    neighbours: NDArray[np.int32]
    "(pairs,) codes of purchased items, the most similar first, at indptr[i]:indptr[i + 1]."
    similarities: NDArray[np.float32]
    "(pairs,) above 0 and at most 1."
    n_purchased: int
    "Size of the catalogue that `neighbours` refers to."

    def __len__(self) -> int:
        return len(self.item_ids)

    @property
    def matrix(self) -> sparse.csr_matrix:
        """(n, purchased items) float32 similarities."""
        return sparse.csr_matrix((self.similarities, self.neighbours, self.indptr), (len(self), self.n_purchased))

    def keep(self, rows: NDArray[np.bool_]) -> Self:
        """The items that a mask selects."""
        pairs = np.repeat(rows, np.diff(self.indptr))
        lengths = np.diff(self.indptr)[rows]
        return replace(
            self,
            item_ids=self.item_ids[rows],
            indptr=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            neighbours=self.neighbours[pairs],
            similarities=self.similarities[pairs],
        )

    def join(self, others: Self) -> Self:
        """These items and different other ones, which refer to the same catalogue."""
        lengths = np.concatenate([np.diff(self.indptr), np.diff(others.indptr)])
        item_ids = np.concatenate([self.item_ids, others.item_ids])
        order = np.argsort(item_ids)
        lines = lines_of(np.concatenate([[0], np.cumsum(lengths)]), order)
        return replace(
            self,
            item_ids=item_ids[order],
            indptr=np.concatenate([[0], np.cumsum(lengths[order])]).astype(np.int64),
            neighbours=np.concatenate([self.neighbours, others.neighbours])[lines],
            similarities=np.concatenate([self.similarities, others.similarities])[lines],
        )

    def to_artifact(self) -> Artifact:
        """The arrays, as a release stores them."""
        arrays = {name: getattr(self, name) for name in ("item_ids", "indptr", "neighbours", "similarities")}
        return Artifact("cold_start_items", {"n_purchased": self.n_purchased}, arrays)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The stored items; arrays may be memory-mapped files."""
        return cls(**artifact.arrays, n_purchased=artifact.state["n_purchased"])


def find_cold_start_items(
    purchased: ItemAttributes, catalogue: ItemAttributes, *, n_neighbours: int = 20
) -> ColdStartItems:
    """The items of a catalogue that were never purchased, each with its most similar purchased items."""
    new = catalogue.keep(codes_of(catalogue.item_ids, purchased.item_ids) < 0)
    n_at_once = max(1, CELLS_AT_ONCE // max(1, len(purchased)))
    neighbours, similarities = list[NDArray[np.int64]](), list[NDArray[np.float32]]()
    for start in range(0, len(new), n_at_once):
        for row in attribute_similarity(_slice(new, start, end=start + n_at_once), purchased):
            nearest, closeness = select_best(row, n_neighbours)
            neighbours.append(nearest)
            similarities.append(closeness)
    return ColdStartItems(
        item_ids=new.item_ids,
        indptr=np.cumsum([0, *map(len, neighbours)], dtype=np.int64),
        neighbours=np.concatenate([*neighbours, []]).astype(np.int32),
        similarities=np.concatenate([*similarities, []]).astype(np.float32),
        n_purchased=len(purchased),
    )


def attribute_similarity(items: ItemAttributes, others: ItemAttributes) -> NDArray[np.float32]:
    """(items, others) from 0 to 1; the formula is in the module's docstring."""
    n_equal = np.zeros((len(items), len(others)), dtype=np.float32)
    for name in items.codes:
        codes, other_codes = items.codes_in(others, name), others.codes.get(name, np.empty(0))
        if len(other_codes):
            n_equal += (codes[:, None] == other_codes) & (codes[:, None] >= 0)
    n_values = np.sum([codes >= 0 for codes in items.codes.values()], axis=0, dtype=np.int64) * np.ones(len(items))
    price, other_price = (np.where(each.price > 0, each.price, np.nan) for each in (items, others))
    price_ratio = np.minimum(price[:, None], other_price) / np.maximum(price[:, None], other_price)
    similarity = (n_equal + np.nan_to_num(price_ratio)) / np.maximum(n_values + ~np.isnan(price), 1)[:, None]
    return np.where(n_equal > 0, similarity, 0).astype(np.float32)


def _slice(items: ItemAttributes, start: int, *, end: int) -> ItemAttributes:
    places = np.arange(len(items))
    return items.keep((places >= start) & (places < end))


def add_cold_start_items(model: Recommender, new_items: ColdStartItems, *, discount: float = DISCOUNT) -> Recommender:
    """The fitted model, and its similarity model, with the new items in their catalogue.

    Raises BadInput where the neighbours of the new items refer to another catalogue.
    """
    if new_items.n_purchased != len(model.item_ids) or (codes_of(new_items.item_ids, model.item_ids) >= 0).any():
        raise BadInput(
            f"the cold-start items refer to a catalogue of {new_items.n_purchased} items, {model.name} has "
            f"{len(model.item_ids)}; find their neighbours among the model's own items"
        )
    if not len(new_items):
        return model
    kind = ExtendedScoringRecommender if isinstance(model, ScoringRecommender) else ExtendedRecommender
    extended = kind(model, new_items, discount=discount)
    if model.similarity_model_ is None:
        return extended
    return extended.with_similarity_model(add_cold_start_items(model.similarity_model_, new_items, discount=discount))


class ExtendedRecommender(Recommender):
    """A model that scores no items, extended by new items, which it lists on the popularity stage."""

    def __init__(self, inner: Recommender, new_items: ColdStartItems, *, discount: float) -> None:
        self.inner, self.discount = inner, discount
        # Other models have these as class attributes; here they are those of the inner model.
        vars(self).update(
            inner.settings, name=inner.name, stage=inner.stage, has_item_similarity=inner.has_item_similarity
        )
        places = np.searchsorted(inner.item_ids, new_items.item_ids)
        n_before = np.bincount(places, minlength=len(inner.item_ids) + 1).cumsum()[:-1]
        self._old = (np.arange(len(inner.item_ids)) + n_before).astype(np.int32)
        self._new = (places + np.arange(len(new_items))).astype(np.int32)
        longest = np.promote_types(inner.item_ids.dtype, new_items.item_ids.dtype)
        self.item_ids = np.insert(inner.item_ids.astype(longest), places, new_items.item_ids)
        self._inner_codes = np.full(len(self.item_ids), -1, dtype=np.int32)
        self._inner_codes[self._old] = np.arange(len(self._old))
        self._similarities = new_items.matrix
        sums = np.maximum(np.asarray(self._similarities.sum(axis=1)), 1e-12)
        self._means = sparse.csr_matrix(self._similarities.multiply(discount / sums), dtype=np.float32)
        self.cutoff_ = inner.cutoff_
        # The popularity of a new item is an expectation; the shares of purchased items stay as they are.
        self.popularity_ = self._merge(inner.popularity_, self._means @ inner.popularity_)
        self.gaps_ = self._merge(inner.gaps_, np.full(len(new_items), np.nan, dtype=np.float32))
        self.similarity_model_ = None

    @property
    def settings(self) -> Settings:
        """The settings of the inner model."""
        return self.inner.settings

    def fit(self, interactions: Interactions, cutoff: date | None = None) -> Self:
        """Raises BadInput: fit the inner model instead."""
        raise BadInput(f"this {self.name} has cold-start items added to its fit; fit {self.name} first, then add them")

    def to_artifact(self) -> Artifact:
        """The inner model; the new items are an artifact of their own."""
        return self.inner.to_artifact()

    def _similar_items(self, code: int) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
        """For a new item, its neighbours."""
        if self._inner_codes[code] >= 0:
            items, similarities = self.inner._similar_items(int(self._inner_codes[code]))
            return self._old[items], similarities
        row = self._similarities[[np.searchsorted(self._new, code)]]
        return self._old[row.indices], row.data

    def _similarity_matrix(self, codes: NDArray[np.integer]) -> NDArray[np.floating]:
        """New items are similar to their neighbours, and to each other by the neighbours they share (cosine)."""
        inner_codes = self._inner_codes[codes]
        old, new = np.flatnonzero(inner_codes >= 0), np.flatnonzero(inner_codes < 0)
        matrix = np.zeros((len(codes), len(codes)), dtype=np.float32)
        matrix[np.ix_(old, old)] = self.inner._similarity_matrix(inner_codes[old])
        rows = self._similarities[np.searchsorted(self._new, codes[new])]
        matrix[np.ix_(new, old)] = rows[:, inner_codes[old]].toarray()
        matrix[np.ix_(old, new)] = matrix[np.ix_(new, old)].T
        lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)))
        matrix[np.ix_(new, new)] = np.clip((rows @ rows.T).toarray() / np.maximum(lengths * lengths.T, 1e-12), 0, 1)
        return matrix

    @keep_last
    def _inner_histories(self, histories: Histories) -> Histories:
        """The histories in the codes of the inner model, without purchases of new items."""
        return histories.with_codes(self._inner_codes, self.inner.item_ids)

    def _merge(self, old: NDArray[Number], new: NDArray[Any]) -> NDArray[Number]:
        """(..., m) values from those of the purchased and those of the new items."""
        merged = np.empty((*old.shape[:-1], len(self.item_ids)), dtype=old.dtype)
        merged[..., self._old] = old
        merged[..., self._new] = new
        return merged


class ExtendedScoringRecommender(ExtendedRecommender, ScoringRecommender):
    """A model that scores items, extended by new items, which get scores too."""

    uses_small_matrices: ClassVar[bool] = True
    inner: ScoringRecommender

    def scores(self, histories: Histories, cutoff: date) -> NDArray[np.float32]:
        """The inner model's scores, popularity factor included, and for new items the means of their neighbours'."""
        scores = self.inner.scores(self._inner_histories(histories), cutoff)
        return self._merge(scores, (self._means @ scores.T).T)

    def _find_candidates(self, history: Histories, cutoff: date) -> RowScores | None:
        """Those of the inner model; the scores of new items that are above zero are all known."""
        row = self.inner.score_row(self._inner_histories(history), cutoff)
        neighbours, means = self._means_of_neighbours
        of_new = means @ row.score_items(neighbours)
        n_items = len(self.item_ids)
        items, scores = np.concatenate([self._old[row.items], self._new]), np.concatenate([row.scores, of_new])
        old_others = row.score_others
        if old_others is None:
            return RowScores(items.astype(np.int64), scores, n_items, row.bound)
        return RowScores(
            items.astype(np.int64), scores, n_items, row.bound, lambda items: old_others(self._inner_codes[items])
        )

    @cached_property
    def _means_of_neighbours(self) -> tuple[NDArray[np.integer], sparse.csr_matrix]:
        """The different neighbours of new items, and `_means` with a column for each."""
        neighbours, columns = np.unique(self._means.indices, return_inverse=True)
        shape = (len(self._new), len(neighbours))
        return neighbours, sparse.csr_matrix((self._means.data, columns, self._means.indptr), shape)

    def contributions(
        self, histories: Histories, row: int, *, items: NDArray[np.integer], cutoff: date
    ) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
        """For new items the means of their neighbours' contributions, each times its popularity factor."""
        inner_codes, new = self._inner_codes[items], np.flatnonzero(self._inner_codes[items] < 0)
        means = self._means[np.searchsorted(self._new, items[new])]
        needed = np.unique(np.concatenate([inner_codes[inner_codes >= 0], means.indices]))
        past, parts = self.inner.contributions(self._inner_histories(histories), row, items=needed, cutoff=cutoff)
        contributions = np.zeros((len(past), len(items)), dtype=parts.dtype)
        contributions[:, inner_codes >= 0] = parts[:, np.searchsorted(needed, inner_codes[inner_codes >= 0])]
        columns = np.searchsorted(needed, means.indices)
        means = sparse.csr_matrix((means.data, columns, means.indptr), (len(new), len(needed)))
        # A neighbour with a negative sum has no score, so it passes nothing on.
        passed_on = parts * (parts.sum(axis=0) > 0) * self.inner._popularity_factor(cutoff)[needed]
        contributions[:, new] = (means @ passed_on.T).T
        return self._old[past], contributions

    def _raw_scores(self, histories: Histories, cutoff: date) -> NDArray[np.float32]:
        raw = self.inner._raw_scores(self._inner_histories(histories), cutoff)
        return self._merge(raw, (self._means @ (raw * self.inner._popularity_factor(cutoff)).T).T)

    def _popularity_factor(self, cutoff: date) -> NDArray[np.float32]:
        """1 for new items: the factor is in their neighbours' scores already."""
        return self._merge(self.inner._popularity_factor(cutoff), np.ones(len(self._new), dtype=np.float32))
