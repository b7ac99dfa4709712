"""Features of customer and candidate item for reranking, from what is known at the cutoff.

    of a component   its score as a share of the customer's best, and its rank among the candidates
    of the pair      purchase days (plain and decayed), days and baskets since, share of the usual gap that has passed
    of the item      recent and longer-term popularity, their ratio, and how often its buyers buy it again
    of the customer  baskets, lines, items, days since the last basket and between baskets, share of repeats

NaN where a feature is unknown, e.g. days since the last purchase of an item that was never bought.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.interactions import Histories, Interactions, sort_distinct
from models.recommenders.engine.holdout import days_of
from models.recommenders.engine.item_popularity import popularity_at, seasonal_popularity
from models.recommenders.engine.replenishment import default_gap, dueness, usual_gap_days
from models.recommenders.next_basket import relative_repeat_rate

RECENT_DAYS, LONGER_DAYS = 7.0, 45.0
"Half-lives of an item's popularity."
HALF_LIVES_DAYS = (30.0, 180.0)
"Half-lives of a customer's purchases of an item."
COMPONENT_FEATURES = ("score", "rank")
PAIR_FEATURES = ("n_days", *(f"n_days_{life:g}" for life in HALF_LIVES_DAYS), "share_of_baskets", "baskets_since",
           "days_since", "usual_gap", "gaps_passed")  # fmt: skip
ITEM_FEATURES = ("popular_now", "popular", "trend", "again", "item_gap")
CUSTOMER_FEATURES = ("n_baskets", "n_lines", "n_items", "days_since_basket", "days_between", "repeats")


def feature_names(components: Sequence[str]) -> list[str]:
    """The columns in order, for the component models in order; "mean" is the mean of their scores."""
    of_components = [f"{model}_{name}" for model in (*components, "mean") for name in COMPONENT_FEATURES]
    return [*of_components, *PAIR_FEATURES, *ITEM_FEATURES, *CUSTOMER_FEATURES]


@dataclass(frozen=True, kw_only=True)
class ItemStatistics:
    """Statistics of the items over all purchases before a cutoff."""

    cutoff: date
    gaps: NDArray[np.float32]
    "(m,) `usual_gap_days`."
    repeat_rate: NDArray[np.float32]
    "(m,) `relative_repeat_rate`."
    recent: NDArray[np.float32]
    "(steps, m) `seasonal_popularity` with half-life RECENT_DAYS."
    longer: NDArray[np.float32]
    "(steps, m) `seasonal_popularity` with half-life LONGER_DAYS."

    @classmethod
    def compute(cls, interactions: Interactions, cutoff: date) -> Self:
        """From interactions that are all before the cutoff."""
        return cls(
            cutoff=cutoff,
            gaps=usual_gap_days(interactions),
            repeat_rate=relative_repeat_rate(interactions).astype(np.float32),
            recent=seasonal_popularity(interactions, RECENT_DAYS, cutoff=cutoff),
            longer=seasonal_popularity(interactions, LONGER_DAYS, cutoff=cutoff),
        )

    def at(self, cutoff: date, items: NDArray[np.integer]) -> list[NDArray[np.float32]]:
        """ITEM_FEATURES of some items, (j,) each."""
        recent, longer = (
            popularity_at(seasonal, self.cutoff, cutoff=cutoff)[items] for seasonal in (self.recent, self.longer)
        )
        return [np.log(recent), np.log(longer), np.log(recent / longer), self.repeat_rate[items], self.gaps[items]]

    @cached_property
    def default_gap(self) -> float:
        """See `replenishment`."""
        return default_gap(self.gaps)


def pair_features(
    scores_by_model: list[NDArray[np.float32]],
    codes: NDArray[np.int64],
    *,
    is_candidate: NDArray[np.bool_],
    items: ItemStatistics,
    histories: Histories,
    cutoff: date,
) -> NDArray[np.float32]:
    """(pairs, columns of `feature_names`), the candidates of one customer after the other.

    Takes (n, width) sorted item codes, of which those with `is_candidate` count, and their normalised scores by each
    component and on average, (n, width) each.
    """
    pair_rows, pair_items = np.nonzero(is_candidate)[0], codes[is_candidate]
    columns = []
    for scores in scores_by_model:
        of_candidates = np.where(is_candidate, scores, -1)
        columns += [of_candidates[is_candidate], _ranks(of_candidates)[is_candidate]]
    columns += _history_features(histories, pair_rows, pair_items=pair_items, items=items, cutoff=cutoff)
    columns += items.at(cutoff, pair_items)
    columns += [column[pair_rows] for column in _customer_features(histories, cutoff)]
    return np.column_stack(columns).astype(np.float32)


def _ranks(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """(n, width): 0 for the best of each row."""
    order = np.argsort(-scores, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(scores.shape[1])[None, :], axis=1)
    return ranks


def _history_features(
    histories: Histories,
    pair_rows: NDArray[np.int64],
    *,
    pair_items: NDArray[np.int64],
    items: ItemStatistics,
    cutoff: date,
) -> list[NDArray[np.float64]]:
    """PAIR_FEATURES of some pairs of a customer's row and an item."""
    m, today = len(histories.item_ids), np.datetime64(cutoff, "D").astype(np.int64)
    due = dueness(histories, items.gaps, cutoff=cutoff, default_gap_days=items.default_gap)
    pairs, days = _distinct_days(histories.customers * m + histories.items, days_of(histories))
    firsts = np.flatnonzero(np.diff(pairs, prepend=-1))
    ages = np.maximum(today - days, 0)
    weights = [np.ones(len(ages)), *(np.exp2(-ages / life) for life in HALF_LIVES_DAYS)]
    customers, baskets = _distinct_days(histories.customers, days_of(histories))
    n_baskets = np.bincount(customers, minlength=len(histories))
    n_days = [np.add.reduceat(weight, firsts) if len(firsts) else weight for weight in weights]
    last_days = today - due.days_since_last.astype(np.int64)
    baskets_since = _count_later_baskets(customers, baskets, rows=due.rows, days=last_days)
    # Both `due` and `pairs` list every pair of customer and item that occurs, in the same order.
    of_bought = [
        *n_days, n_days[0] / n_baskets[due.rows], baskets_since, due.days_since_last, due.usual_gap_days,
        due.days_since_last / np.maximum(due.usual_gap_days, 1),
    ]  # fmt: skip
    keys, bought_keys = pair_rows * m + pair_items, due.rows * m + due.items
    places = np.searchsorted(bought_keys, keys)
    was_bought = np.append(bought_keys, -1)[places] == keys
    never_bought = [0.0] * (len(n_days) + 1) + [np.nan] * 4
    return [
        np.where(was_bought, np.append(column, 0)[places], value)
        for column, value in zip(of_bought, never_bought, strict=True)
    ]


def _customer_features(histories: Histories, cutoff: date) -> list[NDArray[np.number]]:
    """CUSTOMER_FEATURES of every history, (n,) each."""
    n, m, today = len(histories), len(histories.item_ids), np.datetime64(cutoff, "D").astype(np.int64)
    customers, days = _distinct_days(histories.customers, days_of(histories))
    n_baskets, n_lines = np.bincount(customers, minlength=n), np.diff(histories.indptr)
    n_items = np.bincount(sort_distinct(histories.customers * m + histories.items) // m, minlength=n)
    span = np.zeros((2, n))
    has_baskets = n_baskets > 0
    ends = np.cumsum(n_baskets)
    span[:, has_baskets] = days[(ends - n_baskets)[has_baskets]], days[ends[has_baskets] - 1]
    days_between = np.where(n_baskets > 1, (span[1] - span[0]) / np.maximum(n_baskets - 1, 1), np.nan)
    repeats = 1 - n_items / np.maximum(n_lines, 1)
    return [n_baskets, n_lines, n_items, np.maximum(today - span[1], 0), days_between, repeats]


def _distinct_days(keys: NDArray[np.int64], days: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every different (key, day), sorted by key and day."""
    if not len(days):
        return keys, days
    first = days.min()
    span = days.max() - first + 1
    combined = sort_distinct(keys * span + days - first)
    return combined // span, combined % span + first


def _count_later_baskets(
    customers: NDArray[np.int64], baskets: NDArray[np.int64], *, rows: NDArray[np.int64], days: NDArray[np.int64]
) -> NDArray[np.int64] | NDArray[np.float64]:
    """How many baskets the customer of each row has had after a day; `baskets` are the days of all baskets."""
    if not len(baskets):
        return np.zeros(len(rows))
    first = min(baskets.min(), days.min())
    span = max(baskets.max(), days.max()) - first + 2
    keys = customers * span + baskets - first
    after = np.searchsorted(keys, rows * span + days - first, side="right")
    return np.searchsorted(keys, (rows + 1) * span) - after
