"""What is in the next basket: habits, what is due again, what goes with them, and what is in season.

    score[j] = (w1 * habit[j] + w2 * habit[j] * due[j] + w3 * sum over the history's i of basket[i] * likeness[i, j])
               * season[j] ^ popularity_power

`habit` counts an item's days of purchase, newer ones more (as UP-CF, Faggioli et al. 2020), times how often its
buyers come back for it; `due` is from the customer's own interval shrunk towards the item's; likeness is from baskets.
Each is at most 1 for a customer, and the weights are learnt on a later fold. Next baskets are mostly repetition, which
neighbours and networks miss (Hu et al. 2020, TIFU-KNN; Li et al. 2023).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar

import numpy as np
from scipy import sparse

from core.interactions import Histories, Interactions, weights_of
from models.memory import GB
from models.recommenders.engine.later_fold import FOLDS, days_of, later_folds
from models.recommenders.engine.linear import LinearRecommender
from models.recommenders.engine.mixing import Candidates, learnt_weights, normalised
from models.recommenders.engine.replenishment import dueness, usual_gap_days
from models.recommenders.engine.search_ranges import HALF_LIVES, SPANS, Between, OneOf, Ranges
from models.recommenders.engine.seasons import season_at, seasons_of
from models.recommenders.item_knn import nearest_others, weighted_columns

PARTS = ("habit", "due", "likeness")

WITHOUT_FOLD = (0.4, 0.4, 0.2)
"Weights of the parts where nobody came back to learn them by."

JUDGED_CUSTOMERS = 3000
"By whom the weights are learnt, at most."
PRIOR_BUYERS = 10
"How many buyers of everything's rate of repetition each item starts from."


@dataclass(eq=False)
class NextBasket(LinearRecommender):
    """Ranks items by habit, by what is due and by what is bought with them, in season."""

    name: ClassVar[str] = "next_basket"
    learnt: ClassVar[tuple[str, ...]] = (*LinearRecommender.learnt, "weights", "again", "seasons")
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
    # .398). From 2010-08-04, habits alone with seasons of 7, 14, 21 and 30 days: .405, .402, .399, .398; with
    # repetition to the power of .5 and 1: .403, .400; with likeness from baskets .404, from customers .403.
    popularity_power: float = 0.4
    half_life_days: float | None = 180.0

    season_half_life_days: float = 7.0
    "A purchase counts half as much for the season after so many days."

    again_power: float = 0.5
    "Habits are multiplied by the item's rate of repetition to this power."

    n_neighbours: int = 200
    "How many items are kept as similar to each."

    judged_on: str = "last_days"
    "What the weights are learnt on: each customer's last_basket, or the last_days."

    judged_days: int = 28
    "How many the last days are."

    seed: int = 7

    weights_: np.ndarray = field(init=False)
    "(3,) float64: of PARTS; they sum to 1."
    again_: np.ndarray = field(init=False)
    "(m,) float32: share of the item's buyers who bought it on a second day, 1 for everything's own, to `again_power`."
    seasons_: np.ndarray = field(init=False)
    "(steps, m) float32, see models/recommenders/seasons."

    def needed_gb(self, interactions: Interactions) -> float:
        """The purchases with their days, the nearest of each item, returned and kept, and the seasons."""
        return (130 * len(interactions.items) + (60 * self.n_neighbours + 16 * 52) * len(interactions.item_ids)) / GB

    def _learn(self, interactions: Interactions) -> None:
        """Learn the weights of parts that know nothing of the later fold, then the parts on everything."""
        self.weights_ = np.array(WITHOUT_FOLD)
        for fold in later_folds(self.judged_on, interactions, self.cutoff_, self.judged_days, 1, self.seed):
            earlier = replace(self)
            earlier.item_ids, earlier.cutoff_ = self.item_ids, fold.cutoff
            earlier._learn_parts(fold.earlier)
            judged = fold.at_most(JUDGED_CUSTOMERS, self.seed)
            self.weights_ = learnt_weights(Candidates.of(earlier._seasoned_parts, judged))
        self._learn_parts(interactions)

    def _learn_parts(self, interactions: Interactions) -> None:
        self.gaps_ = usual_gap_days(interactions)
        self.again_ = (rate_of_repetition(interactions) ** self.again_power).astype(np.float32)
        self.seasons_ = seasons_of(interactions, self.season_half_life_days, self.cutoff_)
        super()._learn(interactions)

    def _learnt_effects(self, interactions: Interactions) -> sparse.csr_matrix:
        return nearest_others(weighted_columns(by_basket(interactions).matrix()), self.n_neighbours + 1)

    def _scores(self, histories: Histories, cutoff: date) -> np.ndarray:
        parts = self._parts(histories, cutoff)
        return sum(
            (np.float32(w) * normalised(part, "max") for w, part in zip(self.weights_, parts, strict=True)),
            np.zeros_like(parts[0]),
        )

    def shares(self, histories: Histories, row: int, items: np.ndarray, cutoff: date) -> tuple[np.ndarray, np.ndarray]:
        """Habits and what is due speak for themselves, baskets for what goes with them."""
        one = histories.take(np.array([row]))
        past = np.unique(one.items)
        parts = self._parts(one, cutoff)
        scale = self.weights_ / [max(float(part.max(initial=0)), np.finfo(np.float32).tiny) for part in parts]
        own = scale[0] * parts[0][0, past] + scale[1] * parts[1][0, past]
        bought = self._bought(one, cutoff)[0, past]
        likeness = scale[2] * bought[:, None] * self._effects_between(past, items)
        return past, own[:, None] * (past[:, None] == items) + likeness

    def _seasoned_parts(self, histories: Histories, cutoff: date) -> list[np.ndarray]:
        season = self._season_at(cutoff)
        return [normalised(part, "max") * season for part in self._parts(histories, cutoff)]

    def _parts(self, histories: Histories, cutoff: date) -> list[np.ndarray]:
        """Each of PARTS, (n, m) float32."""
        bought = self._bought(histories, cutoff)
        habit, due = bought * self.again_, np.zeros_like(bought)
        pairs = dueness(histories, self.gaps_, cutoff, self._unknown_gap)
        waited = pairs.days_since_last / np.maximum(pairs.usual_gap_days, 1)
        due[pairs.rows, pairs.items] = habit[pairs.rows, pairs.items] * readiness(waited)
        return [habit, due, self._spread(bought)]

    def _bought(self, histories: Histories, cutoff: date) -> np.ndarray:
        """(n, m) float32: decayed number of days on which each item was bought."""
        n, m = len(histories), len(histories.item_ids)
        days = days_of(histories)
        cells = histories.customers * m + histories.items
        _, firsts = np.unique(np.stack([cells, days]), axis=1, return_index=True)
        weights = weights_of(histories.times[firsts], self.half_life_days, cutoff)
        return np.bincount(cells[firsts], weights, minlength=n * m).astype(np.float32).reshape(n, m)

    def _season_at(self, cutoff: date) -> np.ndarray:
        """Of the cutoff, not of the fit."""
        return season_at(self.seasons_, self.cutoff_, cutoff) ** np.float32(self.popularity_power)


def readiness(waited: np.ndarray) -> np.ndarray:
    """From 0 to 1, how ready a customer is to buy an item again; `waited` is how many usual gaps have passed.

    Rises until half of the gap has passed, and falls with what is forgotten after two.
    """
    return np.minimum(1, waited / 0.5) * np.minimum(1, 2 / np.maximum(waited, 1))


def rate_of_repetition(interactions: Interactions) -> np.ndarray:
    """(m,) share of each item's buyers who bought it on a second day, over that of all items, which has rate 1."""
    m = len(interactions.item_ids)
    bought = np.unique(np.stack([interactions.customers * m + interactions.items, days_of(interactions)]), axis=1)[0]
    pairs, n_days = np.unique(bought, return_counts=True)
    buyers = np.bincount(pairs % m, minlength=m)
    again = np.bincount(pairs % m, n_days > 1, minlength=m)
    if not again.sum():
        return np.ones(m)
    overall = again.sum() / buyers.sum()
    return (again / overall + PRIOR_BUYERS) / (buyers + PRIOR_BUYERS)


def by_basket(interactions: Interactions) -> Interactions:
    """The same purchases with each customer's day as a customer of its own, so that likeness is within a basket."""
    days, rows = days_of(interactions), interactions.customers
    begins = np.ones(len(days), dtype=bool)
    begins[1:] = (np.diff(days) != 0) | (np.diff(rows) != 0)
    starts = np.flatnonzero(begins)
    return replace(
        interactions, customer_ids=np.array([""] * len(starts)), indptr=np.append(starts, len(days)).astype(np.int64)
    )
