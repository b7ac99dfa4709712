"""Weights of several models' scores, fitted on a hold-out fold by its NDCG@10.

    score[c, i] = sum over models p of weight[g(c), p] * normalised[p][c, i],   weights >= 0 that sum to 1

g(c) is the activity group of the customer: 1, 2 to 3, 4 to 9, or 10 purchase days and more. A group keeps the weights
of all customers unless its own gain clearly more on the fold, and an optional model gets no weight unless it does.

Only each model's best items of a few thousand customers are held in memory, whatever the size of the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cached_property
from typing import Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from core.interactions import Histories
from models.recommenders.engine.holdout import HoldoutFold, days_of

Normalisation = Literal["max", "deviation", "rank"]
"Ways to make the scores of several models comparable within a customer."
NORMALISATIONS: tuple[Normalisation, ...] = get_args(Normalisation)
LIST_LENGTH = 10
"Weights are chosen for the NDCG of lists of this length."
ACTIVITY_BOUNDS = (2, 4, 10)
"Purchase days from which the second and each later activity group begins."
N_GROUPS = len(ACTIVITY_BOUNDS) + 1
CLEAR_GAIN = 1.0
"Standard errors that a group has to gain on the fold by weights of its own, and an optional model by its weight."
MIN_GROUP = 50
"Customers of the fold that a group needs for weights of its own."
STEPS = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
"Step sizes of the search: how far weights move towards or away from one model. A smaller step follows without gain."
BELOW_ALL = np.float32(-1e9)
"The score of padding; minus infinity times a weight of zero would be no number."
CELLS_AT_ONCE = 2**21
"Scores of one model in memory at a time."

ComponentScores = Callable[[Histories, date], list[NDArray[np.float32]]]
"Normalised scores of each model, (n, m) each."


def normalise(scores: NDArray[np.float32], method: str) -> NDArray[np.float32]:
    """(n, m) scores made comparable between models; zeros stay zero, and the order is kept.

    `max` divides by the customer's highest score, `deviation` by the standard deviation of the customer's scores (a
    z-score subtracts a mean besides, which is the same for every item), `rank` gives 1 / (60 + rank) to scores above
    zero (reciprocal rank fusion, Cormack et al. 2009).
    """
    if method == "rank":
        order = np.argsort(-scores, axis=1, kind="stable")
        ranks = np.empty_like(order)
        np.put_along_axis(ranks, order, np.arange(scores.shape[1])[None, :], axis=1)
        return np.where(scores > 0, 61 / (61.0 + ranks), 0).astype(np.float32)
    size = scores.max(axis=1, initial=0) if method == "max" else scores.std(axis=1)
    return scores * np.where(size > 0, 1 / np.maximum(size, np.finfo(np.float32).tiny), 0)[:, None].astype(np.float32)


@dataclass(frozen=True)
class Candidates:
    """The best items of each model for each customer of a fold, padded to the same width."""

    scores: NDArray[np.float32]
    "(n, width, models) normalised."
    allowed: NDArray[np.bool_]
    "(n, width) whether it is a candidate and no padding."
    bought: NDArray[np.bool_]
    "(n, width)"
    n_bought: NDArray[np.int64]
    "(n,) number of different items bought."
    groups: NDArray[np.int64]
    "(n,) activity group of each customer."

    def take(self, rows: NDArray[np.integer]) -> Self:
        """The candidates of some customers."""
        return replace(self, **{name.name: getattr(self, name.name)[rows] for name in fields(self)})

    @classmethod
    def collect(cls, component_scores: ComponentScores, fold: HoldoutFold, *, n_best: int = 100) -> Self:
        """The candidates of every customer of a fold."""
        blocks = [
            _collect_block(component_scores(block.histories, block.days[0].astype(date)), block, n_best=n_best)
            for block in fold.blocks(max(1, CELLS_AT_ONCE // len(fold.histories.item_ids)))
        ]
        return cls(*(np.concatenate(arrays) for arrays in zip(*blocks, strict=True)))

    def ndcg(self, weights: NDArray[np.float64]) -> float:
        """Mean NDCG@10 of the models blended with these weights."""
        return float(self.ndcg_by_customer(weights).mean())

    def ndcg_by_customer(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n,) NDCG@10 of each customer with these weights; of equal scores, the first is ranked higher.

        Only the places of bought items count, and counting what is above them costs a third of sorting the lists.
        """
        hits = self._hits
        blended = hits.scores @ weights.astype(np.float32)
        own = blended[hits.rows, hits.columns][:, None]
        places = np.count_nonzero(blended[hits.rows] > own, axis=1)
        near = np.flatnonzero(places < LIST_LENGTH)
        is_before = np.arange(blended.shape[1]) < hits.columns[near, None]
        places[near] += np.count_nonzero((blended[hits.rows[near]] == own[near]) & is_before, axis=1)
        is_listed = places < LIST_LENGTH
        gains = 1 / np.log2(np.arange(LIST_LENGTH) + 2)
        customers = hits.customers[hits.rows[is_listed]]
        gained = np.bincount(customers, gains[places[is_listed]], minlength=len(self.n_bought))
        return gained / np.cumsum(gains)[np.minimum(LIST_LENGTH, self.n_bought) - 1]

    @cached_property
    def _hits(self) -> _Hits:
        customers = np.flatnonzero((self.bought & self.allowed).any(axis=1))
        some = self.take(customers)
        # Padding goes last, and what is padding for every customer goes.
        width = int(some.allowed.sum(axis=1).max(initial=0))
        order = np.argsort(~some.allowed, axis=1, kind="stable")[:, :width]
        allowed, bought = (np.take_along_axis(one, order, axis=1) for one in (some.allowed, some.bought))
        scores = np.take_along_axis(some.scores, order[:, :, None], axis=1)
        return _Hits(customers, np.where(allowed[:, :, None], scores, BELOW_ALL), *np.nonzero(allowed & bought))


@dataclass(frozen=True)
class _Hits:
    """The candidates that were bought, and all candidates of their customers; others have an NDCG of 0."""

    customers: NDArray[np.intp]
    "(k,) rows of `Candidates`."
    scores: NDArray[np.float32]
    "(k, width, models); `BELOW_ALL` where it is padding."
    rows: NDArray[np.intp]
    "(hits,) the customer, as a place in `customers`."
    columns: NDArray[np.intp]
    "(hits,) the candidate."


def best_items(scores_by_model: list[NDArray[np.float32]], n_best: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Each model's n best items for each customer: (n, width) sorted codes, and which are neither repeats nor zero."""
    m = scores_by_model[0].shape[1]
    k = min(n_best, m)
    best = [np.argpartition(-scores, k - 1, axis=1)[:, :k] for scores in scores_by_model]
    # Items that score zero get the code m, so that they sort to the end.
    codes = np.concatenate(
        [np.where(np.take_along_axis(s, b, 1) > 0, b, m) for s, b in zip(scores_by_model, best, strict=True)], axis=1
    )
    codes.sort(axis=1)
    is_candidate = codes < m
    is_candidate[:, 1:] &= codes[:, 1:] != codes[:, :-1]
    return np.minimum(codes, m - 1), is_candidate


def fit_weights(
    candidates: Candidates, start: NDArray[np.float64] | None = None, *, n_optional: int = 0
) -> NDArray[np.float64]:
    """(models,) weights that sum to 1: move while NDCG@10 improves, from `start` or else the best single model.

    The last `n_optional` models move only once the others stay, and only where NDCG@10 gains clearly by that.
    """
    n_models = candidates.scores.shape[2]
    starts = np.eye(n_models)[: n_models - n_optional] if start is None else start[None, :]
    ndcg = [candidates.ndcg(weights) for weights in starts]
    weights = _climb(candidates, starts[int(np.argmax(ndcg))], n_moved=n_models - n_optional)
    if not n_optional:
        return weights
    wider = _climb(candidates, weights, n_moved=n_models)
    return wider if gains_clearly(candidates, wider, against=weights) else weights


def _climb(candidates: Candidates, weights: NDArray[np.float64], *, n_moved: int) -> NDArray[np.float64]:
    """The weights after moves of the first `n_moved` models, until none of them improves NDCG@10."""
    best = candidates.ndcg(weights)
    for step in STEPS:
        improved = True
        while improved:
            moves = [moved for model in range(n_moved) for moved in _moves(weights, model, step=step)]
            ndcg = [candidates.ndcg(moved) for moved in moves]
            improved = bool(moves) and max(ndcg) > best + 1e-6
            if improved:
                weights, best = moves[int(np.argmax(ndcg))], max(ndcg)
    return weights


def fit_group_weights(candidates: Candidates, *, n_optional: int = 0) -> NDArray[np.float64]:
    """(activity groups, models) weights: those of all customers, or half-way to a group's own where they gain clearly.

    Own weights are the best of many on few customers, so their gain on the fold is biased upwards. `n_optional` is as
    in `fit_weights`.
    """
    for_all = fit_weights(candidates, n_optional=n_optional)
    weights = repeat_for_groups(for_all)
    for group in range(N_GROUPS):
        rows = np.flatnonzero(candidates.groups == group)
        if MIN_GROUP <= len(rows) < len(candidates.groups):
            of_group = candidates.take(rows)
            own = fit_weights(of_group, for_all, n_optional=n_optional)
            if gains_clearly(of_group, own, against=for_all):
                weights[group] = (own + for_all) / 2
    return weights


def gains_clearly(candidates: Candidates, weights: NDArray[np.float64], *, against: NDArray[np.float64]) -> bool:
    """Whether NDCG@10 is higher than with other weights by more than CLEAR_GAIN standard errors of the difference."""
    gain = candidates.ndcg_by_customer(weights) - candidates.ndcg_by_customer(against)
    return len(gain) > 1 and bool(gain.mean() > CLEAR_GAIN * gain.std(ddof=1) / np.sqrt(len(gain)))


def repeat_for_groups(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """(activity groups, models) the same weights for every group."""
    return np.tile(weights, (N_GROUPS, 1))


def activity_groups(histories: Histories) -> NDArray[np.int64]:
    """(n,) activity group of each customer, by their number of purchase days."""
    days, rows = days_of(histories), histories.customers
    is_new_day = np.ones(len(days), dtype=bool)
    is_new_day[1:] = (np.diff(days) != 0) | (np.diff(rows) != 0)
    n_days = np.bincount(rows[is_new_day], minlength=len(histories))
    return np.searchsorted(ACTIVITY_BOUNDS, n_days, side="right").astype(np.int64)


def _collect_block(
    scores_by_model: list[NDArray[np.float32]], block: HoldoutFold, *, n_best: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]]:
    shape = len(block), len(block.histories.item_ids)
    scores_by_model = [np.array(np.broadcast_to(scores, shape)) for scores in scores_by_model]
    block.zero_out_seen(scores_by_model)
    bought = block.is_bought
    codes, allowed = best_items(scores_by_model, n_best)
    scores = np.stack([np.take_along_axis(scores, codes, 1) for scores in scores_by_model], axis=2)
    return scores, allowed, np.take_along_axis(bought, codes, 1), bought.sum(axis=1), activity_groups(block.histories)


def _moves(weights: NDArray[np.float64], model: int, *, step: float) -> Iterator[NDArray[np.float64]]:
    """The weights with more of one model, and with less of it."""
    towards = np.eye(len(weights))[model]
    yield (1 - step) * weights + step * towards
    if 0 < weights[model] < 1:
        fewer = np.maximum(weights - np.minimum(step, weights[model]) * towards, 0)
        yield fewer / fewer.sum()
