"""What a second stage is told of each customer and candidate, known at the cutoff alone.

    of a part        its score as a share of the customer's best, and the rank among the candidates
    of the pair      days bought on, decayed, days and baskets since, and how much of the usual gap has passed
    of the item      popular now, for longer, which is more, and how often its buyers come back for it
    of the customer  baskets, lines, items, days since the last basket and between two, share of repeats

NaN where it is not known: what was never bought has no last purchase.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Self

import numpy as np

from core.interactions import Histories, Interactions
from models.recommenders.engine.later_fold import days_of
from models.recommenders.engine.replenishment import dueness, gap_of_unknown, usual_gap_days
from models.recommenders.engine.seasons import season_at, seasons_of
from models.recommenders.next_basket import rate_of_repetition

NOW_DAYS, LONGER_DAYS = 7.0, 45.0
"Half-lives of an item's popularity."
HALF_LIVES_DAYS = (30.0, 180.0)
"Of a customer's purchases of an item."
OF_PARTS = ("score", "rank")
OF_PAIR = ("n_days", *(f"n_days_{life:g}" for life in HALF_LIVES_DAYS), "share_of_baskets", "baskets_since",
           "days_since", "usual_gap", "gaps_passed")  # fmt: skip
OF_ITEM = ("popular_now", "popular", "trend", "again", "item_gap")
OF_CUSTOMER = ("n_baskets", "n_lines", "n_items", "days_since_basket", "days_between", "repeats")


def names_of(parts: Sequence[str]) -> list[str]:
    """The columns in order, for the parts in order; "mean" is the mean of all parts."""
    return [f"{part}_{what}" for part in (*parts, "mean") for what in OF_PARTS] + [*OF_PAIR, *OF_ITEM, *OF_CUSTOMER]


@dataclass(frozen=True)
class ItemFacts:
    """What is known of the items from everybody's purchases before a cutoff."""

    cutoff: date
    gaps: np.ndarray
    "(m,) float32: `usual_gap_days`."
    again: np.ndarray
    "(m,) float32: `rate_of_repetition`."
    now: np.ndarray
    "(steps, m) float32: see models/recommenders/seasons."
    longer: np.ndarray
    "(steps, m) float32."

    @classmethod
    def of(cls, interactions: Interactions, cutoff: date) -> Self:
        """From what was bought before the cutoff; the interactions hold nothing later."""
        return cls(
            cutoff,
            usual_gap_days(interactions),
            rate_of_repetition(interactions).astype(np.float32),
            seasons_of(interactions, NOW_DAYS, cutoff),
            seasons_of(interactions, LONGER_DAYS, cutoff),
        )

    def at(self, cutoff: date) -> list[np.ndarray]:
        """OF_ITEM for every item, (m,) each."""
        now, longer = (season_at(seasons, self.cutoff, cutoff) for seasons in (self.now, self.longer))
        return [np.log(now), np.log(longer), np.log(now / longer), self.again, self.gaps]


def features_of(
    parts: list[np.ndarray], codes: np.ndarray, among: np.ndarray, facts: ItemFacts, asking: Histories, cutoff: date
) -> np.ndarray:
    """(pairs, columns of `names_of`) float32, the candidates of one customer after the other.

    Takes normalised scores of each part and of their mean, (n, m) each, and the candidates, (n, width) sorted codes,
    of which `among` are meant.
    """
    rows, items = np.nonzero(among)[0], codes[among]
    columns = []
    for scores in parts:
        found = np.where(among, np.take_along_axis(scores, codes, 1), -1)
        columns += [found[among], _ranks(found)[among]]
    columns += _of_pairs(asking, rows, items, facts, cutoff)
    columns += [fact[items] for fact in facts.at(cutoff)]
    columns += [fact[rows] for fact in _of_customers(asking, cutoff)]
    return np.column_stack(columns).astype(np.float32)


def _ranks(scores: np.ndarray) -> np.ndarray:
    """(n, width): 0 for the best of each row."""
    order = np.argsort(-scores, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(scores.shape[1])[None, :], axis=1)
    return ranks


def _of_pairs(
    asking: Histories, rows: np.ndarray, items: np.ndarray, facts: ItemFacts, cutoff: date
) -> list[np.ndarray]:
    """OF_PAIR for some customers and items."""
    m, today = len(asking.item_ids), np.datetime64(cutoff, "D").astype(np.int64)
    due = dueness(asking, facts.gaps, cutoff, gap_of_unknown(facts.gaps))
    pairs, days = _days_of_each(asking.customers * m + asking.items, days_of(asking))
    firsts = np.flatnonzero(np.diff(pairs, prepend=-1))
    ages = np.maximum(today - days, 0)
    counts = [np.ones(len(ages)), *(np.exp2(-ages / life) for life in HALF_LIVES_DAYS)]
    customers, baskets = _days_of_each(asking.customers, days_of(asking))
    n_baskets = np.bincount(customers, minlength=len(asking))
    n_days = [np.add.reduceat(count, firsts) if len(firsts) else count for count in counts]
    since = _later_baskets(customers, baskets, due.rows, today - due.days_since_last.astype(np.int64))
    known = [
        *n_days, n_days[0] / n_baskets[due.rows], since, due.days_since_last, due.usual_gap_days,
        due.days_since_last / np.maximum(due.usual_gap_days, 1),
    ]  # fmt: skip
    wanted, keys = rows * m + items, due.rows * m + due.items
    places = np.searchsorted(keys, wanted)
    bought = np.append(keys, -1)[places] == wanted
    never = [0.0] * (len(n_days) + 1) + [np.nan] * 4
    return [np.where(bought, np.append(fact, 0)[places], unknown) for fact, unknown in zip(known, never, strict=True)]


def _of_customers(asking: Histories, cutoff: date) -> list[np.ndarray]:
    """OF_CUSTOMER for every customer asked for, (n,) each."""
    n, m, today = len(asking), len(asking.item_ids), np.datetime64(cutoff, "D").astype(np.int64)
    customers, days = _days_of_each(asking.customers, days_of(asking))
    n_baskets, n_lines = np.bincount(customers, minlength=n), np.diff(asking.indptr)
    n_items = np.bincount(np.unique(asking.customers * m + asking.items) // m, minlength=n)
    span = np.zeros((2, n))
    has = n_baskets > 0
    ends = np.cumsum(n_baskets)
    span[:, has] = days[(ends - n_baskets)[has]], days[ends[has] - 1]
    between = np.where(n_baskets > 1, (span[1] - span[0]) / np.maximum(n_baskets - 1, 1), np.nan)
    repeats = 1 - n_items / np.maximum(n_lines, 1)
    return [n_baskets, n_lines, n_items, np.maximum(today - span[1], 0), between, repeats]


def _days_of_each(keys: np.ndarray, days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every different (key, day), keys rising and days rising within a key."""
    if not len(days):
        return keys, days
    first = days.min()
    span = days.max() - first + 1
    both = np.unique(keys * span + days - first)
    return both // span, both % span + first


def _later_baskets(customers: np.ndarray, baskets: np.ndarray, rows: np.ndarray, days: np.ndarray) -> np.ndarray:
    """How many baskets each of some customers has had since a day."""
    if not len(baskets):
        return np.zeros(len(rows))
    first = min(baskets.min(), days.min())
    span = max(baskets.max(), days.max()) - first + 2
    keys = customers * span + baskets - first
    after = np.searchsorted(keys, rows * span + days - first, side="right")
    return np.searchsorted(keys, (rows + 1) * span) - after
