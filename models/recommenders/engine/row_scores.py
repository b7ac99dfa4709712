"""Scores of one history that are above zero for few of the items, without an array over all items.

    items     4017    12   903       the candidates, in any order
    scores     .31   .88   .05
    bound      .02                   no other item scores more

A list is exact where its last item scores more than the bound. Such a history costs as much in a catalogue of a million
items as in one of ten thousand.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

SLACK = np.float32(1 + 1e-5)
"Bounds are this much larger, because float32 sums round."


@dataclass(frozen=True)
class PurchasedWeights:
    """The weights of the items that customers have bought, sorted by row and item, each pair once; (pairs,) arrays.

    A history has few of the items, and a table of all of them would take longer to make than a list.
    """

    rows: NDArray[np.int64]
    items: NDArray[np.int64]
    weights: NDArray[np.float32]
    shape: tuple[int, int]
    "Number of customers and of items."

    @classmethod
    def of(cls, weights: NDArray[np.float32]) -> PurchasedWeights:
        """Those of a table, (n, m), that are not zero."""
        rows, items = np.nonzero(weights)
        return cls(rows, items, weights[rows, items], (weights.shape[0], weights.shape[1]))


@dataclass(frozen=True)
class RowScores:
    """The scores of the candidates of one history."""

    items: NDArray[np.int64]
    "(c,) codes, each once."
    scores: NDArray[np.float32]
    "(c,)"
    n_items: int
    "Items of the catalogue."
    bound: float = 0.0
    "No other item scores more."
    score_others: Callable[[NDArray[np.integer]], NDArray[np.float32]] | None = None
    "Scores of any items that are no candidates; None: they score 0."

    @classmethod
    def of(cls, scores: NDArray[np.float32]) -> Self:
        """From the (m,) scores of all items."""
        items = np.flatnonzero(scores)
        return cls(items, scores[items], len(scores))

    @classmethod
    def sum_parts(cls, items: NDArray[np.integer], parts: NDArray[np.floating], *, n_items: int) -> Self:
        """Sum what several purchases add to items; an item may occur more than once."""
        numbers = np.arange(len(items), dtype=np.int32)
        places = _places(n_items)
        places[items] = numbers
        slots = places[items]
        lasts = np.flatnonzero(slots == numbers)
        sums = np.bincount(slots, parts, minlength=len(items))
        return cls(items[lasts].astype(np.int64), sums[lasts].astype(np.float32), n_items)

    @property
    def knows_best(self) -> bool:
        """Whether the best candidate is the best item."""
        return float(self.scores.max(initial=0)) >= self.bound

    def knows_nth_best(self, n: int) -> bool:
        """Whether the n best candidates are the n best items, or all that score above zero."""
        if self.bound <= 0:
            return True
        return len(self.scores) >= n and float(np.partition(self.scores, -n)[-n]) > self.bound

    def score_items(self, items: NDArray[np.integer]) -> NDArray[np.float32]:
        """The scores of any items."""
        if not len(self.items):
            slots, is_candidate = np.zeros(len(items), dtype=np.int64), np.zeros(len(items), dtype=bool)
            scores = np.zeros(len(items), dtype=np.float32)
        else:
            places = _places(self.n_items)
            places[self.items] = np.arange(len(self.items), dtype=np.int32)
            slots = np.minimum(places[items], len(self.items) - 1)
            is_candidate = self.items[slots] == items
            scores = np.where(is_candidate, self.scores[slots], np.float32(0))
        if self.score_others is not None and not is_candidate.all():
            others = np.flatnonzero(~is_candidate)
            scores[others] = self.score_others(items[others])
        return scores

    def restrict(self, items: NDArray[np.int64]) -> RowScores:
        """The row of some items alone."""
        return RowScores(items, self.score_items(items), self.n_items)

    def normalise(self, factor: NDArray[np.float32] | None = None) -> RowScores:
        """Divided by the largest score, which has to be known, then times the (m,) factor, at most 1."""
        largest = self.scores.max(initial=0)
        scale = np.float32(1 / np.maximum(largest, np.finfo(np.float32).tiny) if largest > 0 else 0)
        return self.multiply(scale) if factor is None else self.multiply(scale).multiply_by(factor)

    def multiply(self, number: np.floating) -> RowScores:
        """All scores times a number that is not negative."""
        others = self.score_others
        return replace(
            self,
            scores=(self.scores * number).astype(np.float32, copy=False),
            bound=self.bound * float(number),
            score_others=None
            if others is None
            else lambda items: (others(items) * number).astype(np.float32, copy=False),
        )

    def multiply_by(self, factor: NDArray[np.float32]) -> RowScores:
        """All scores times the (m,) factor, from 0 to 1."""
        others = self.score_others
        return replace(
            self,
            scores=self.scores * factor[self.items],
            score_others=None if others is None else lambda items: others(items) * factor[items],
        )

    def clip(self) -> RowScores:
        """Negative scores set to 0."""
        others = self.score_others
        return replace(
            self,
            scores=np.maximum(self.scores, 0),
            bound=max(self.bound, 0.0),
            score_others=None if others is None else lambda items: np.maximum(others(items), 0),
        )


def add_rows(rows: Sequence[RowScores], *, further: Sequence[NDArray[np.integer]] = ()) -> RowScores:
    """The sum of several rows of the same catalogue; their candidates and further ones are candidates."""
    items = join_items([row.items for row in rows] + list(further), n_items=rows[0].n_items)

    def add_scores(some: NDArray[np.integer]) -> NDArray[np.float32]:
        total = np.zeros(len(some), dtype=np.float32)
        for row in rows:
            total += row.score_items(some)
        return total

    bound = float(sum(max(row.bound, 0.0) for row in rows) * SLACK)
    has_others = any(row.score_others is not None for row in rows)
    return RowScores(items, add_scores(items), rows[0].n_items, bound, add_scores if has_others else None)


def join_items(parts: Sequence[NDArray[np.integer]], *, n_items: int) -> NDArray[np.int64]:
    """The codes of all parts, each once, in any order."""
    items = np.concatenate(parts)
    numbers = np.arange(len(items), dtype=np.int32)
    places = _places(n_items)
    places[items] = numbers
    return items[places[items] == numbers].astype(np.int64, copy=False)


class _Scratch(threading.local):
    """An array for each thread; what it holds is of no meaning to its next user."""

    places: NDArray[np.int32] = np.zeros(0, dtype=np.int32)


_scratch = _Scratch()


def _places(n_items: int) -> NDArray[np.int32]:
    """An array of at least n_items numbers from 0 up, for this thread to write to and read back at once.

    It is not cleared: who reads an entry that was not just written has to check what it says.
    """
    if len(_scratch.places) < n_items:
        _scratch.places = np.zeros(n_items, dtype=np.int32)
    return _scratch.places
