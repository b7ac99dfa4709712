"""Base class of recommenders that score items for a history and list those that score above zero.

Past purchases explain a recommended item by exact shares, computed from the models' own sums:

    share of a past item = its contribution to the score / sum of all contributions above zero

A contribution below zero counts against the item; its share is 0. Items that the similarity model added to a list are
explained by the similarity model.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from core.interactions import Histories, decay_weights
from core.recommendations import STAGES, Stage
from models.recommenders.engine.base import Recommender
from models.recommenders.engine.exclusions import ExcludedItems
from models.recommenders.engine.last_result import keep_last
from models.recommenders.engine.ranked_lists import RankedLists
from models.recommenders.engine.row_scores import PurchasedWeights, RowScores
from models.resources import limit_blas_to_one_thread
from models.setting_types import HalfLife, Power

MANY_ITEMS = 2**14
"Items of a catalogue from which one history after the other is faster than blocks of histories with all items."

ItemContributions = list[tuple[int, float]]
"Codes of past items with their shares, the largest share first."


@dataclass(eq=False)
class ScoringRecommender(Recommender, ABC):
    """Ranks items by `_raw_scores` times a power of their popularity.

    A subclass sets `stage` and implements `_raw_scores` and `contributions`; it may also implement `_fit_model` and
    `_similar_items`. An item that is listed because of its own earlier purchases moves to the personal stage.
    """

    uses_small_matrices: ClassVar[bool] = False
    "Whether scoring multiplies matrices so small that BLAS is faster on one thread."

    popularity_power: Power = 0.0
    "Scores are multiplied by popularity to this power, so that items in season come first; 0 has no effect."

    half_life_days: HalfLife | None = None
    "A purchase counts half as much after this many days; None keeps the full weight."

    def scores(self, histories: Histories, cutoff: date) -> NDArray[np.float32]:
        """(n, m) score of each item for each history (in the model's codes); 0 where the model knows nothing."""
        scores = self._raw_scores(histories, cutoff)
        scores *= self._popularity_factor(cutoff)
        return scores

    @keep_last
    def score_row(self, history: Histories, cutoff: date) -> RowScores:
        """The same scores of one history, of candidates only where the model can find them.

        A subclass that can overrides `_find_candidates`.
        """
        row = self._find_candidates(history, cutoff)
        return RowScores.of(self.scores(history, cutoff)[0]) if row is None else row

    def _find_candidates(self, history: Histories, cutoff: date) -> RowScores | None:
        """The row of one history, popularity factor included; None where all items have to be scored."""
        return None

    @abstractmethod
    def contributions(
        self, histories: Histories, row: int, *, items: NDArray[np.integer], cutoff: date
    ) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
        """How much each past item of one history adds to the scores of some items (codes, (j,)).

        Returns the codes of the history's different items, (h,), and their contributions, (h, j). A column sums to
        the item's raw score, before the popularity factor and without what a model adds for every customer. Linear
        models are such sums by definition; for ALS see Hu et al. 2008, section 5.
        """

    @keep_last
    def explain_items(
        self, histories: Histories, row: int, *, items: NDArray[np.integer], cutoff: date
    ) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
        """`contributions` up to a factor for each item."""
        return self._relative_contributions(histories, row, items=items, cutoff=cutoff)

    @abstractmethod
    def _raw_scores(self, histories: Histories, cutoff: date) -> NDArray[np.float32]:
        """A new (n, m) matrix; above zero where the model has evidence for an item."""

    def _relative_contributions(
        self, histories: Histories, row: int, *, items: NDArray[np.integer], cutoff: date
    ) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
        """`contributions` up to a factor for each item; override it where the scores themselves are expensive."""
        return self.contributions(histories, row, items=items, cutoff=cutoff)

    def _popularity_factor(self, cutoff: date) -> NDArray[np.float32]:
        """(m,) factor of each score: popularity at the fit, unless a subclass knows it at the cutoff."""
        return self._factor_at_fit

    @cached_property
    def _factor_at_fit(self) -> NDArray[np.float32]:
        return (self.popularity_**self.popularity_power).astype(np.float32)

    def _write_own_stage(
        self, lists: RankedLists, histories: Histories, *, excluded: ExcludedItems, cutoff: date, explains: bool = True
    ) -> None:
        with limit_blas_to_one_thread() if self.uses_small_matrices else nullcontext():
            if len(self.item_ids) < MANY_ITEMS:
                scores = self.scores(histories, cutoff)
                excluded.discount_seen(scores)
                excluded.zero_out(scores)
                lists.write_best(scores, self.stage)
                if explains:
                    self._write_contributors(lists, histories, cutoff=cutoff)
                return
            for row in range(len(histories)):
                of_row, history = lists.slice_rows(row, row + 1), histories.select_row(row)
                self._write_row(of_row, history, excluded=excluded.slice_rows(row, row + 1), cutoff=cutoff)
                if explains:
                    self._write_contributors(of_row, history, cutoff=cutoff)

    def _write_row(self, lists: RankedLists, history: Histories, *, excluded: ExcludedItems, cutoff: date) -> None:
        """Write the best candidates of one history, or the best of all items where a candidate may be missing."""
        scores = self.score_row(history, cutoff)
        allowed = excluded.apply(scores)
        if not allowed.knows_nth_best(lists.items.shape[1]):
            few = excluded.few_allowed
            every = RowScores.of(self.scores(history, cutoff)[0]) if few is None else scores.restrict(few)
            allowed = excluded.apply(every)
        lists.write_best_of_row(allowed, self.stage)

    def _write_contributors(self, lists: RankedLists, histories: Histories, *, cutoff: date) -> None:
        """Write the past item with the largest contribution beside each listed item.

        An item that no past item explains, listed because it sells well, moves to the popularity stage.
        """
        for row in range(len(histories)):
            listed = lists.items[row] >= 0
            if listed.any():
                items, contributions = self.explain_items(histories, row, items=lists.items[row][listed], cutoff=cutoff)
                is_explained = contributions.max(axis=0, initial=0) > 0
                best = items[contributions.argmax(axis=0)] if len(items) else np.full(listed.sum(), -1)
                lists.contributors[row][listed] = np.where(is_explained, best, -1)
        lists.stages[(lists.contributors < 0) & (lists.items >= 0)] = STAGES.index(Stage.POPULARITY)
        repeated = (lists.contributors >= 0) & (lists.contributors == lists.items)
        lists.stages[repeated] = STAGES.index(Stage.PERSONAL)


def weigh_purchased(histories: Histories, weights: NDArray[np.float32]) -> PurchasedWeights:
    """The sum of the weights of the lines of each customer and item."""
    n_items = len(histories.item_ids)
    cells, places = np.unique(histories.customers * n_items + histories.items, return_inverse=True)
    rows, items = np.divmod(cells, n_items)
    sums = np.bincount(places, weights, minlength=len(cells)).astype(np.float32)
    return PurchasedWeights(rows, items, sums, (len(histories), n_items))


def item_weights(histories: Histories, weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, m) sum of the weights of the lines of each customer and item; a new array."""
    shape = (len(histories), len(histories.item_ids))
    cells = histories.customers * shape[1] + histories.items
    return np.bincount(cells, weights, minlength=shape[0] * shape[1]).astype(np.float32).reshape(shape)


def sum_history(
    histories: Histories, row: int, *, half_life_days: float | None, cutoff: date
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """The different items of one history, (h,) sorted codes, and the decayed number of purchases of each, (h,)."""
    lines = slice(int(histories.indptr[row]), int(histories.indptr[row + 1]))
    items, places = np.unique(histories.items[lines], return_inverse=True)
    weights = decay_weights(histories.times[lines], half_life_days, cutoff=cutoff)
    return items, np.bincount(places, weights, minlength=len(items)).astype(np.float64, copy=False)


def contribution_shares(
    model: Recommender, histories: Histories, *, row: int, items: NDArray[np.integer], cutoff: date
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """The different past items of one row, (h,) codes, and their shares in the scores of some items, (h, j).

    A column sums to 1, or to 0 where no past item contributes.
    """
    past = np.unique(histories.items[int(histories.indptr[row]) : int(histories.indptr[row + 1])])
    positive = np.zeros((len(past), len(items)))
    for each in (model, model.similarity_model_):
        unexplained = np.flatnonzero(positive.sum(axis=0) <= 0)
        if isinstance(each, ScoringRecommender) and len(unexplained) and len(past):
            codes, contributions = each.explain_items(histories, row, items=items[unexplained], cutoff=cutoff)
            positive[np.searchsorted(past, codes)[:, None], unexplained] = np.maximum(contributions, 0)
    return past, positive / np.where(positive.sum(axis=0) > 0, positive.sum(axis=0), 1)


def top_contributions(past: NDArray[np.int32], shares: NDArray[np.float64], *, n: int) -> list[ItemContributions]:
    """For each column of the shares the n past items with the largest shares above zero, ties by code."""
    order = np.argsort(-shares, axis=0, kind="stable")[:n]
    return [
        [(int(past[place]), float(min(column[place], 1.0))) for place in places if column[place] > 0]
        for places, column in zip(order.T, shares.T, strict=True)
    ]


def contributor_shares(
    model: Recommender,
    histories: Histories,
    *,
    items: NDArray[np.integer],
    contributors: NDArray[np.integer],
    cutoff: date,
) -> NDArray[np.float32]:
    """(n, k) share of each contributor in its item, NaN where there is none; inputs are (n, k) codes or -1."""
    largest = np.full(items.shape, np.nan, dtype=np.float32)
    for row in np.flatnonzero((contributors >= 0).any(axis=1)):
        columns = np.flatnonzero(contributors[row] >= 0)
        past, shares = contribution_shares(model, histories, row=int(row), items=items[row, columns], cutoff=cutoff)
        largest[row, columns] = shares[np.searchsorted(past, contributors[row, columns]), np.arange(len(columns))]
    return largest
