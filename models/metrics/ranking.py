"""How good recommendations are, out of time: all items ranked, no sampled negatives, figures over customers.

Judged is every customer who bought something in the test span. Relevance is
binary: bought there or not, however often. With r the ranks of the hits among
the first k, and n the number of different items bought,

    recall    hits / n                       hit_rate  1 where there is a hit
    ndcg      sum 1 / log2(r + 1), over the same sum for ranks 1 to min(k, n)
    map       mean over min(k, n) of the precision at each hit's rank
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from core.card import Comparison, Metric
from core.errors import BadInput, NotEnoughHistory, UnknownName, nearest
from core.interactions import Histories, codes_of
from core.intervals import Estimate, estimates
from core.recommendations import Recommendations
from models.metrics.weighted import ratio

BY_CUSTOMER = (
    "recall",
    "ndcg",
    "map",
    "hit_rate",
    "repeat_recall",
    "new_recall",
    "repeat_share",
    "new_share",
    "novelty",
)
"Figures that are means over customers; those of a customer who has none (no repeat bought, nothing shown) are NaN."


def ranking_metrics(
    model: str,
    recommendations: Recommendations,
    truth: Histories,
    past: Histories,
    ks: Sequence[int] = (10, 20),
    split: str = "test",
    n_resamples: int = 300,
    seed: int = 0,
) -> tuple[Metric, ...]:
    """Every figure of `BY_CUSTOMER` and coverage at each k, as 'ndcg@10', with intervals over customers.

    `truth` is what was bought in the test span and `past` what before; customers are found by id, and `past` of
    everybody is what novelty measures by. `repeat_recall` and `new_recall` ask for items the customer had and had
    not bought before. `repeat_share` and `new_share` split what is shown. `novelty` is the mean of -log2(share of
    the customers of `past` who bought the item, at least one). `coverage` is the share of the catalogue that is shown
    to anybody; it has no interval, because a resample of customers always shows less.

    Raises NotEnoughHistory where nobody bought anything, BadInput where k items were not asked for.
    """
    judged = JudgedRankings.of(recommendations, truth, past)
    metrics: list[Metric] = []
    for k in ks:
        found = estimates(_means(judged.by_customer(k)), judged.customer_ids, n_resamples, seed)
        coverage = Estimate(judged.coverage(k), np.nan, np.nan)
        named = zip((*BY_CUSTOMER, "coverage"), (*found, coverage), strict=True)
        metrics += [Metric(model, f"{name}@{k}", figure, split) for name, figure in named]
    return tuple(metrics)


def compare_rankings(
    model: str,
    against: str,
    recommendations: Recommendations,
    recommendations_against: Recommendations,
    truth: Histories,
    past: Histories,
    name: str = "ndcg@10",
    n_resamples: int = 300,
    seed: int = 0,
) -> Comparison:
    """The paired difference of one figure on the same customers; positive means that the first has more of it."""
    figure, _, k = name.partition("@")
    if figure not in BY_CUSTOMER or not k.isdecimal():
        known = [f"{one}@10" for one in BY_CUSTOMER]
        raise UnknownName(f"recommenders are not compared by '{name}'{nearest(name, known)}")
    place = BY_CUSTOMER.index(figure)
    one, other = (JudgedRankings.of(answers, truth, past) for answers in (recommendations, recommendations_against))
    if not np.array_equal(one.customer_ids, other.customer_ids):
        raise BadInput("the two recommendations are not of the same customers in the same order; align them")
    difference = one.by_customer(int(k))[:, [place]] - other.by_customer(int(k))[:, [place]]
    (found,) = estimates(_means(difference), one.customer_ids, n_resamples, seed)
    return Comparison(model, against, name, found)


@dataclass(frozen=True)
class JudgedRankings:
    """Recommendations beside what was bought; a row for each customer who bought something."""

    customer_ids: np.ndarray
    shown: np.ndarray
    "(n, k) bool: an item stands there."
    hits: np.ndarray
    "(n, k) bool: it was bought in the test span."
    repeats: np.ndarray
    "(n, k) bool: it had been bought before."
    n_bought: np.ndarray
    "(n,) different items bought in the test span."
    n_bought_again: np.ndarray
    "(n,) of them, bought before as well."
    surprise: np.ndarray
    "(n, k) -log2 of the share of past customers who bought the item."
    items: np.ndarray
    "(n, k) codes in a catalogue of `n_items`."
    n_items: int

    @classmethod
    def of(cls, recommendations: Recommendations, truth: Histories, past: Histories) -> Self:
        """Align the three by customer and item."""
        catalogue = _united(recommendations.item_ids, truth.item_ids, past.item_ids)
        bought = _of_customers(truth.recode(catalogue), recommendations.customer_ids)
        before = _of_customers(past.recode(catalogue), recommendations.customer_ids)
        buyers = np.flatnonzero(np.diff(bought.indptr))
        if not len(buyers):
            raise NotEnoughHistory("nobody bought an item in the test span; judge over a longer one")
        bought, before = bought.take(buyers), before.take(buyers)
        codes = np.append(codes_of(recommendations.item_ids, catalogue), -1)
        items = codes[recommendations.items[buyers]]
        pairs, pairs_before = _pairs(bought), _pairs(before)
        again = np.isin(pairs, pairs_before, assume_unique=True)
        cells = np.arange(len(buyers))[:, None] * len(catalogue) + items
        shown = items >= 0
        return cls(
            customer_ids=recommendations.customer_ids[buyers],
            shown=shown,
            hits=shown & np.isin(cells, pairs),
            repeats=shown & np.isin(cells, pairs_before),
            n_bought=np.bincount(pairs // len(catalogue), minlength=len(buyers)),
            n_bought_again=np.bincount(pairs[again] // len(catalogue), minlength=len(buyers)),
            surprise=_surprise(past.recode(catalogue))[items],
            items=items,
            n_items=len(catalogue),
        )

    def by_customer(self, k: int) -> np.ndarray:
        """(n, figures of `BY_CUSTOMER`) among the first k; NaN where a customer has none."""
        if not 1 <= k <= self.items.shape[1]:
            raise BadInput(f"{self.items.shape[1]} items were recommended, {k} cannot be judged; ask for more")
        shown, hits, repeats = self.shown[:, :k], self.hits[:, :k], self.repeats[:, :k]
        n_found, n_shown = hits.sum(axis=1), shown.sum(axis=1)
        n_found_again = (hits & repeats).sum(axis=1)
        ranks = np.arange(1, k + 1)
        gains = 1 / np.log2(ranks + 1)
        reachable = np.minimum(self.n_bought, k)
        precision = np.cumsum(hits, axis=1) / ranks
        figures = {
            "recall": n_found / self.n_bought,
            "ndcg": hits @ gains / np.cumsum(gains)[reachable - 1],
            "map": (precision * hits).sum(axis=1) / reachable,
            "hit_rate": (n_found > 0).astype(np.float64),
            "repeat_recall": ratio(n_found_again, self.n_bought_again),
            "new_recall": ratio(n_found - n_found_again, self.n_bought - self.n_bought_again),
            "repeat_share": ratio(repeats.sum(axis=1), n_shown),
            "new_share": ratio((shown & ~repeats).sum(axis=1), n_shown),
            "novelty": ratio((self.surprise[:, :k] * shown).sum(axis=1), n_shown),
        }
        return np.column_stack([figures[name] for name in BY_CUSTOMER])

    def coverage(self, k: int) -> float:
        """The share of the catalogue that stands among the first k of anybody."""
        return len(np.unique(self.items[:, :k][self.shown[:, :k]])) / self.n_items


def _united(*catalogues: np.ndarray) -> np.ndarray:
    first = catalogues[0]
    if all(other is first or np.array_equal(other, first) for other in catalogues):
        return first
    return np.unique(np.concatenate(catalogues))


def _of_customers(histories: Histories, customer_ids: np.ndarray) -> Histories:
    """The histories of these customers in this order; empty ones for whom there is none."""
    order = np.argsort(histories.customer_ids, kind="stable")
    places = codes_of(customer_ids, histories.customer_ids[order])
    found = places >= 0
    lengths = np.zeros(len(customer_ids), dtype=np.int64)
    picked = histories.take(order[places[found]])
    lengths[found] = np.diff(picked.indptr)
    return replace(picked, customer_ids=customer_ids, indptr=np.concatenate([[0], np.cumsum(lengths)]))


def _pairs(histories: Histories) -> np.ndarray:
    """Customer and item in one number, row * items + code, each once and sorted."""
    return np.unique(histories.customers * len(histories.item_ids) + histories.items)


def _surprise(past: Histories) -> np.ndarray:
    """(m,) bits: -log2 of the share of customers who bought each item; as if one had, where none did."""
    n_customers = max(1, int((np.diff(past.indptr) > 0).sum()))
    buyers = np.bincount(_pairs(past) % len(past.item_ids), minlength=len(past.item_ids))
    return -np.log2(np.maximum(buyers, 1) / n_customers)


def _means(figures: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Weighted means of each column over the rows that have it: weights (samples, n) to (samples, columns)."""
    has = np.isfinite(figures)
    values = np.where(has, figures, 0.0)
    return lambda weights: ratio(weights @ values, weights @ has)
