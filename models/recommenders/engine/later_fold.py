"""What a second stage learns from: the past of each customer, and what they bought after it.

    last_days      [ everything before ------------)[ the last days )
    last_basket    each customer's days of purchase but one, [ their last ]
    share          where times do not vary: some items of each customer, drawn by seed; what was seen is barred

What comes after is known to no part that is fitted on `earlier`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from core.errors import UnknownName, did_you_mean
from core.interactions import Histories, Interactions

LAST_DAYS, LAST_BASKET = FOLDS = ("last_days", "last_basket")
"How a later fold is cut off, by name."
SHARE = 0.2
"Of each customer's different items, where times do not vary."


@dataclass(frozen=True)
class LaterFold:
    """What was known, who is asked for, and what they bought then; rows of all but the first are the same customers."""

    earlier: Interactions
    cutoff: date
    "What parts are fitted at."
    asking: Histories
    truth: Histories
    asked_on: np.ndarray
    "(n,) datetime64[D]."
    new_only: bool = False
    "Whether only items count that a customer had not bought."

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def bought(self) -> np.ndarray:
        """(n, m) bool: which items each customer bought then."""
        found = np.zeros((len(self), len(self.truth.item_ids)), dtype=bool)
        found[self.truth.customers, self.truth.items] = True
        return found

    def bar(self, parts: list[np.ndarray]) -> None:
        """Set to zero, in each of these (n, m) scores, what does not count: seen items, where only new ones do."""
        if self.new_only:
            for scores in parts:
                scores[self.asking.customers, self.asking.items] = 0

    def take(self, rows: np.ndarray) -> LaterFold:
        """The same for some rows."""
        return replace(
            self, asking=self.asking.take(rows), truth=self.truth.take(rows), asked_on=self.asked_on[rows]
        )  # fmt: skip

    def at_most(self, n_customers: int, seed: int) -> LaterFold:
        """The same with at most so many customers, drawn by seed."""
        if len(self) <= n_customers:
            return self
        return self.take(np.sort(np.random.default_rng(seed).choice(len(self), n_customers, replace=False)))

    def blocks(self, at_once: int) -> Iterator[LaterFold]:
        """The same, a few customers at a time, all of a block asked for on one day."""
        for day in np.unique(self.asked_on):
            rows = np.flatnonzero(self.asked_on == day)
            for start in range(0, len(rows), at_once):
                yield self.take(rows[start : start + at_once])


def later_folds(
    kind: str, interactions: Interactions, cutoff: date, days: int, n_folds: int, seed: int
) -> list[LaterFold]:
    """At most `n_folds`, the latest first, each further back than the one before; none where nobody came back.

    Raises UnknownName where there is no such kind.
    """
    if kind not in FOLDS:
        raise UnknownName(f"no '{kind}' among the later folds{did_you_mean(kind, FOLDS)}")
    if not times_vary(interactions):
        share = _split(interactions, drawn_items(interactions, SHARE, seed), cutoff, new_only=True)
        return [share] if len(share) else []
    folds: list[LaterFold] = []
    while len(folds) < n_folds:
        if kind == LAST_DAYS:
            cutoff -= timedelta(days=days)
            fold = _split(interactions, interactions.times >= np.datetime64(cutoff, "s"), cutoff)
        else:
            fold = _split(interactions, last_baskets(interactions), cutoff)
            fold = replace(fold, asked_on=fold.truth.times[fold.truth.indptr[:-1]].astype("datetime64[D]"))
        if not len(fold):
            break
        folds.append(fold)
        interactions = fold.earlier
    return folds


def times_vary(interactions: Interactions) -> bool:
    """Whether there is an earlier and a later at all."""
    return len(interactions.times) > 0 and bool((interactions.times != interactions.times[0]).any())


def days_of(histories: Histories) -> np.ndarray:
    """(lines,) int64: the day of each line, since 1970; what a customer buys on one day is one basket."""
    return histories.times.astype("datetime64[D]").astype(np.int64)


def last_baskets(histories: Histories) -> np.ndarray:
    """(lines,) bool: bought on the last day of each customer who bought on more than one."""
    days, has = days_of(histories), np.diff(histories.indptr) > 0
    first, last = np.zeros(len(histories), dtype=np.int64), np.zeros(len(histories), dtype=np.int64)
    first[has] = days[histories.indptr[:-1][has]]
    last[has] = days[histories.indptr[1:][has] - 1]
    rows = histories.customers
    return (days == last[rows]) & (last > first)[rows]


def drawn_items(histories: Histories, share: float, seed: int) -> np.ndarray:
    """(lines,) bool: every line of floor(share * items) of each customer's different items."""
    m = max(1, len(histories.item_ids))
    pairs, places = np.unique(histories.customers * m + histories.items, return_inverse=True)
    rows = pairs // m
    order = np.lexsort((np.random.default_rng(seed).random(len(pairs)), rows))
    n_items = np.bincount(rows, minlength=len(histories))
    nth = np.empty(len(pairs), dtype=np.int64)
    nth[order] = np.arange(len(pairs)) - (np.cumsum(n_items) - n_items)[rows[order]]
    return (nth < np.floor(share * n_items)[rows])[places]


def _split(interactions: Interactions, later: np.ndarray, cutoff: date, new_only: bool = False) -> LaterFold:
    """The lines that a mask tells are the truth; anonymous lines from the cutoff on are left out."""
    before, truth = interactions.histories.keep(~later), interactions.histories.keep(later)
    rows = np.flatnonzero((np.diff(before.indptr) > 0) & (np.diff(truth.indptr) > 0))
    heard = interactions.anonymous_times < np.datetime64(cutoff, "s")
    earlier = Interactions(
        before.customer_ids, before.item_ids, before.indptr, before.items, before.times, before.quantities,
        before.orders, interactions.anonymous_items[heard], interactions.anonymous_times[heard],
    )  # fmt: skip
    asked_on = np.full(len(rows), np.datetime64(cutoff, "D"))
    return LaterFold(earlier, cutoff, before.take(rows), truth.take(rows), asked_on, new_only)
