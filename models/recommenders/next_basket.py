"""The next basket: habits, items that are due again, items bought with them, the season, best sellers and categories.

    score[j] = (w1 * habit[j] + w2 * habit[j] * due[j] + w3 * sum over the history's i of basket[i] * similarity[i, j])
               * season[j] ^ popularity_power
               + w4 * season[j] + w5 * popularity[j] + w6 * category[j]

`habit` counts the purchase days of an item, recent ones more (like UP-CF, Faggioli et al. 2020), times the rate at
which its buyers buy it again. `due` compares the time since the last purchase with the customer's own interval, shrunk
towards the item's. Similarity comes from baskets. Season and popularity are added as well, so that an item which the
history says nothing about can enter, and where items have categories, the best sellers of those that the customer buys
(`engine/category_affinity.py`). Each component is at most 1 for a customer, and the weights are fitted on a hold-out
fold for each activity group: who has few purchases gets more best sellers. Next baskets are mostly repetition, which
neighbourhood models and networks miss (Hu et al. 2020, TIFU-KNN; Li et al. 2023).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from core.interactions import Histories, Interactions, decay_weights, first_lines_of_days, purchase_days
from models.recommenders.engine.blend_weights import (
    Candidates,
    activity_groups,
    fit_group_weights,
    normalise,
    repeat_for_groups,
)
from models.recommenders.engine.holdout import FOLDS, FoldKind, days_of, folds_of_model
from models.recommenders.engine.item_popularity import popularity_at, seasonal_popularity
from models.recommenders.engine.last_result import keep_last
from models.recommenders.engine.linear import LinearRecommender
from models.recommenders.engine.replenishment import dueness, usual_gap_days
from models.recommenders.engine.row_scores import PurchasedWeights, RowScores, add_rows
from models.recommenders.engine.search_ranges import HALF_LIVES, SPANS, Between, OneOf, Ranges
from models.recommenders.engine.season import Season
from models.recommenders.item_knn import nearest_others, weigh_purchases
from models.resources import GB
from models.setting_types import Count, Days, HalfLife, Power, Seed

COMPONENTS = ("habit", "due", "similarity", "season", "popularity", "category")
N_REQUIRED = 5
"The last component exists where items have categories, and gets a weight where that gains clearly."
N_SEASONAL = 3
"The first components are multiplied by the season."

DEFAULT_WEIGHTS = (0.4, 0.4, 0.2, 0.0, 0.0, 0.0)
"Weights of the components where there is no hold-out fold, because no customer came back."

MAX_FOLD_CUSTOMERS = 3000
"Customers on whom the weights are fitted, at most."
PRIOR_BUYERS = 10
"Each item's repeat rate starts from this many buyers with the overall rate."


@dataclass(eq=False)
class NextBasket(LinearRecommender):
    """Ranks items by habit, by whether they are due and by what is bought with them, weighted by the season."""

    name: ClassVar[str] = "next_basket"
    fitted_arrays: ClassVar[tuple[str, ...]] = (
        *LinearRecommender.fitted_arrays,
        "weights",
        "repeat_rate",
        "seasonal",
        "popular",
        "categories",
    )
    ranges: ClassVar[Ranges] = {
        "half_life_days": HALF_LIVES,
        "span_days": SPANS,
        "popularity_power": Between(0.2, 0.8),
        "season_half_life_days": Between(4, 30, log=True),
        "again_power": Between(0, 1),
        "n_neighbours": Between(20, 500, log=True, whole=True),
        "judged_on": OneOf(FOLDS),
    }

    # NDCG@10 on online_retail II, 28 days from 2010-07-07 and 2010-08-04: .394 and .404 (personal_frequency .382 and
    # .398). From 2010-08-04, habits alone with season half-lives of 7, 14, 21 and 30 days: .405, .402, .399, .398; with
    # again_power .5 and 1: .403, .400; with similarity from baskets .404, from customers .403.
    popularity_power: Power = 0.4
    half_life_days: HalfLife | None = 180.0

    season_half_life_days: HalfLife = 7.0
    "A purchase counts half as much for the season after this many days."

    again_power: Power = 0.5
    "Habits are multiplied by the item's repeat rate to this power."

    n_neighbours: Count = 200
    "Number of similar items kept for each item."

    judged_on: FoldKind = "last_days"
    "Hold-out fold for the weights: each customer's last_basket, or the last_days."

    judged_days: Days = 28
    "Length of the last_days fold."

    only_new: bool | None = None
    "Whether the fold counts only items that a customer had not bought; None: where repeats are rare."

    seed: Seed = 7

    weights_: NDArray[np.float64] = field(init=False)
    "(activity groups, components) of COMPONENTS; each row sums to 1."
    repeat_rate_: NDArray[np.float32] = field(init=False)
    "(m,) `relative_repeat_rate` to the power `again_power`."
    seasonal_: NDArray[np.float32] = field(init=False)
    "(steps, m) see `seasonal_popularity`."
    popular_: NDArray[np.float32] = field(init=False)
    "(steps, m) the same with half-life `popularity_half_life_days`."
    categories_: NDArray[np.int32] = field(init=False)
    "(m,) code of each item's category, -1 where it has none; empty where no item has one."

    def memory_gb(self, interactions: Interactions) -> float:
        """The purchases with their days, the neighbours of each item, as returned and as kept, and the seasons."""
        return (130 * len(interactions.items) + (60 * self.n_neighbours + 24 * 52) * len(interactions.item_ids)) / GB

    def _fit_model(self, interactions: Interactions) -> None:
        """Fit the weights with components that know nothing of the hold-out fold, then the components on everything."""
        n_components = len(COMPONENTS) if len(interactions.item_categories) else N_REQUIRED
        self.weights_ = repeat_for_groups(np.array(DEFAULT_WEIGHTS[:n_components]))
        folds = folds_of_model(self, interactions)
        for fold in folds:
            earlier = replace(self)
            earlier.item_ids, earlier.cutoff_ = self.item_ids, fold.cutoff
            earlier._fit_components(fold.training)
            sample = fold.sample(MAX_FOLD_CUSTOMERS, self.seed)
            candidates = Candidates.collect(earlier._components, sample)
            self.weights_ = fit_group_weights(candidates, n_optional=n_components - N_REQUIRED)
        self._fit_components(interactions)

    def _fit_components(self, interactions: Interactions) -> None:
        self.gaps_ = usual_gap_days(interactions)
        self.categories_ = interactions.item_categories
        self.repeat_rate_ = (relative_repeat_rate(interactions) ** self.again_power).astype(np.float32)
        self.seasonal_ = seasonal_popularity(interactions, self.season_half_life_days, cutoff=self.cutoff_)
        self.popular_ = seasonal_popularity(interactions, self.popularity_half_life_days, cutoff=self.cutoff_)
        super()._fit_model(interactions)

    def _fit_effects(self, interactions: Interactions) -> sparse.csr_matrix:
        return nearest_others(weigh_purchases(split_by_basket(interactions).matrix()), self.n_neighbours + 1)

    def _raw_scores(self, histories: Histories, cutoff: date) -> NDArray[np.float32]:
        weights = self.weights_[activity_groups(histories)].astype(np.float32)
        weights[np.diff(histories.indptr) == 0] = 0
        components = self._components(histories, cutoff)
        nothing = np.zeros((1, 1), dtype=np.float32)
        return sum((w[:, None] * part for w, part in zip(weights.T, components, strict=True)), nothing)

    def _find_candidates(self, history: Histories, cutoff: date) -> RowScores | None:
        """What the history says about, and the best sellers of all items and of the categories bought."""
        nothing = RowScores(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32), len(self.item_ids))
        if not len(history.items):
            return nothing
        season = self._season_at(cutoff)
        purchased, of_history = self._history_rows(history, cutoff)
        rows = [row.normalise(season.factor) for row in of_history]
        rows += [season.of_week, season.of_month]
        if season.categories is not None:
            rows.append(season.categories.score_row(purchased).normalise())
        weights = self.weights_[activity_groups(history)[0]].astype(np.float32)
        weighted = [row.multiply(weight) for row, weight in zip(rows, weights, strict=True) if weight > 0]
        return add_rows(weighted or [nothing])

    def contributions(
        self, histories: Histories, row: int, *, items: NDArray[np.integer], cutoff: date
    ) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
        """Habit and dueness contribute to the item itself, baskets to the items bought with it, categories to theirs.

        The sum lacks what season and popularity add, which no past item explains.
        """
        history = histories.select_row(row)
        (purchased, (habit, due, similar)), season = self._history_rows(history, cutoff), self._season_at(cutoff)
        past, days = purchased.items, purchased.weights
        weights = self.weights_[activity_groups(history)[0]]
        scale = [_scale(weight, one) for weight, one in zip(weights[:N_SEASONAL], (habit, due, similar), strict=True)]
        own = scale[0] * habit.scores + scale[1] * due.scores
        from_baskets = scale[2] * days[:, None] * self._effects_between(past, items)
        added = (own[:, None] * (past[:, None] == items) + from_baskets) * season.factor[items]
        if season.categories is None:
            return past, added
        of_category = season.categories.find_contributions(purchased, items)
        return past, added + _scale(weights[-1], season.categories.score_row(purchased)) * of_category

    def _sum_purchase_days(self, history: Histories, cutoff: date) -> PurchasedWeights:
        """The decayed number of days on which one customer bought each item, by item."""
        firsts = first_lines_of_days(history)
        items, places = np.unique(history.items[firsts], return_inverse=True)
        weights = decay_weights(history.times[firsts], self.half_life_days, cutoff=cutoff)
        sums = np.bincount(places, weights, minlength=len(items)).astype(np.float32)
        shape = (1, len(self.item_ids))
        return PurchasedWeights(np.zeros(len(items), dtype=np.int64), items.astype(np.int64), sums, shape)

    @keep_last
    def _history_rows(
        self, history: Histories, cutoff: date
    ) -> tuple[PurchasedWeights, tuple[RowScores, RowScores, RowScores]]:
        """The purchase days of one history, and its `_seasonal_components`: habit and due have the same items."""
        purchased = self._sum_purchase_days(history, cutoff)
        pairs = dueness(history, self.gaps_, cutoff=cutoff, default_gap_days=self._default_gap)
        n_gaps = pairs.days_since_last / np.maximum(pairs.usual_gap_days, 1)
        of_habit = purchased.weights * self.repeat_rate_[purchased.items]
        of_due = (of_habit * readiness(n_gaps)).astype(np.float32)
        habit, due = (RowScores(purchased.items, scores, len(self.item_ids)) for scores in (of_habit, of_due))
        return purchased, (habit, due, self._sum_row(purchased))

    @keep_last
    def _season_at(self, cutoff: date) -> Season:
        week, month = (popularity_at(shares, self.cutoff_, cutoff=cutoff) for shares in (self.seasonal_, self.popular_))
        return Season.of(week, month, categories=self.categories_, power=self.popularity_power)

    def _components(self, histories: Histories, cutoff: date) -> list[NDArray[np.float32]]:
        """The scores of each of COMPONENTS, at most 1; (n, m) each, or (1, m) where all customers have the same."""
        season, purchase_days = self._season_at(cutoff), self._purchase_days(histories, cutoff)
        of_history = self._seasonal_components(purchase_days, histories, cutoff=cutoff)
        components = [normalise(scores, "max") * season.factor for scores in of_history]
        components += [season.week[None, :], season.month[None, :]]
        if season.categories is not None:
            components.append(normalise(season.categories.scores(purchase_days), "max"))
        return components

    def _seasonal_components(
        self, purchase_days: NDArray[np.float32], histories: Histories, *, cutoff: date
    ) -> list[NDArray[np.float32]]:
        """The first N_SEASONAL components before they are normalised and multiplied by the season, (n, m) each."""
        habit, due = purchase_days * self.repeat_rate_, np.zeros_like(purchase_days)
        pairs = dueness(histories, self.gaps_, cutoff=cutoff, default_gap_days=self._default_gap)
        n_gaps = pairs.days_since_last / np.maximum(pairs.usual_gap_days, 1)
        due[pairs.rows, pairs.items] = habit[pairs.rows, pairs.items] * readiness(n_gaps)
        return [habit, due, self._sum_effects(PurchasedWeights.of(purchase_days))]

    def _purchase_days(self, histories: Histories, cutoff: date) -> NDArray[np.float32]:
        """(n, m) decayed number of days on which each customer bought each item."""
        n, m = len(histories), len(histories.item_ids)
        firsts = first_lines_of_days(histories)
        cells = histories.customers[firsts] * m + histories.items[firsts]
        weights = decay_weights(histories.times[firsts], self.half_life_days, cutoff=cutoff)
        return np.bincount(cells, weights, minlength=n * m).astype(np.float32).reshape(n, m)

    def _popularity_factor(self, cutoff: date) -> NDArray[np.float32]:
        """1: the season is in the raw scores."""
        return np.ones(len(self.item_ids), dtype=np.float32)


def _scale(weight: float, row: RowScores) -> float:
    """What a component's scores of one customer are multiplied by, so that the largest one becomes the weight."""
    return float(weight / max(row.scores.max(initial=0), np.finfo(np.float32).tiny))


def readiness(n_gaps: NDArray[np.floating]) -> NDArray[np.floating]:
    """From 0 to 1, how ready a customer is to buy an item again after this many usual gaps.

    Rises until half a gap has passed, stays at 1, and falls after two gaps, when the item seems forgotten.
    """
    return np.minimum(1, n_gaps / 0.5) * np.minimum(1, 2 / np.maximum(n_gaps, 1))


def relative_repeat_rate(interactions: Interactions) -> NDArray[np.float64]:
    """(m,) share of each item's buyers with a second purchase day, relative to the share over all items."""
    m = len(interactions.item_ids)
    rows, items, _ = purchase_days(interactions)
    is_repeat = np.zeros(len(rows), dtype=bool)
    is_repeat[1:] = (rows[1:] == rows[:-1]) & (items[1:] == items[:-1])
    is_second = is_repeat.copy()
    is_second[1:] &= ~is_repeat[:-1]
    n_buyers = np.bincount(items[~is_repeat], minlength=m)
    n_repeaters = np.bincount(items[is_second], minlength=m)
    if not n_repeaters.sum():
        return np.ones(m)
    overall = n_repeaters.sum() / n_buyers.sum()
    return (n_repeaters / overall + PRIOR_BUYERS) / (n_buyers + PRIOR_BUYERS)


def split_by_basket(interactions: Interactions) -> Interactions:
    """The same purchases with each customer's day as a customer of its own, for similarity within baskets."""
    days, rows = days_of(interactions), interactions.customers
    is_first = np.ones(len(days), dtype=bool)
    is_first[1:] = (np.diff(days) != 0) | (np.diff(rows) != 0)
    starts = np.flatnonzero(is_first)
    return replace(
        interactions, customer_ids=np.array([""] * len(starts)), indptr=np.append(starts, len(days)).astype(np.int64)
    )


MODEL = NextBasket
