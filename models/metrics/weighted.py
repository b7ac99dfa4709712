"""Ranking metrics of many bootstrap samples at once.

A sample is a row of weights: how often each row counts. The rows are sorted by score a single time; every array below
is (samples, groups), where a group is the rows of one score, highest score first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class RankedRows:
    """Rows sorted by falling score, with equal scores in one group."""

    order: NDArray[np.int64]
    "(n,) row numbers, highest score first."
    starts: NDArray[np.int64]
    "(groups,) place of each group's first row in that order."
    churned: NDArray[np.float64]
    "(n,) 1.0 or 0.0, in that order."

    @classmethod
    def of(cls, score: NDArray[np.float64], churned: NDArray[Any]) -> Self:
        """Sort the rows by score."""
        order = np.argsort(-score, kind="stable")
        is_first = np.diff(score[order], prepend=np.nan) != 0
        return cls(order, np.flatnonzero(is_first), churned[order].astype(np.float64))

    def groups(self, weights: NDArray[np.float64]) -> Groups:
        """Sum the weights of churned and of retained rows in each group, for weights (samples, n)."""
        sorted_weights = weights[:, self.order]
        churned = np.add.reduceat(sorted_weights * self.churned, self.starts, axis=1)
        return Groups(churned, np.add.reduceat(sorted_weights, self.starts, axis=1) - churned)


@dataclass(frozen=True)
class Groups:
    """Weight of the churned and of the retained rows of each score, (samples, groups), highest score first."""

    churned: NDArray[np.float64]
    retained: NDArray[np.float64]

    @cached_property
    def so_far(self) -> NDArray[np.float64]:
        """Weight of the rows down to each score, (samples, groups)."""
        return np.cumsum(self.churned + self.retained, axis=1)

    def auc(self) -> NDArray[np.float64]:
        """P(a churned row ranks above a retained one), half for equal scores; NaN with one class. (samples,)"""
        ranked_below = self.retained.sum(axis=1, keepdims=True) - np.cumsum(self.retained, axis=1) + self.retained / 2
        pairs = self.churned.sum(axis=1) * self.retained.sum(axis=1)
        return ratio((self.churned * ranked_below).sum(axis=1), pairs)

    def average_precision(self) -> NDArray[np.float64]:
        """Precision at each score, weighted by its churned rows, without interpolation. (samples,)"""
        churned_so_far = np.cumsum(self.churned, axis=1)
        precision = ratio(churned_so_far, self.so_far)
        return ratio(np.nansum(self.churned * precision, axis=1), self.churned.sum(axis=1))

    def capture_rate(self, share: float) -> NDArray[np.float64]:
        """Share of the churned rows among the highest-scored share of rows; ties count partly. (samples,)"""
        total = self.churned + self.retained
        capacity = share * self.so_far[:, -1:]
        within = np.clip(ratio(capacity - (self.so_far - total), total, otherwise=0.0), 0.0, 1.0)
        return ratio((self.churned * within).sum(axis=1), self.churned.sum(axis=1))


def ratio(above: NDArray[Any], below: NDArray[Any], *, otherwise: float = np.nan) -> NDArray[np.float64]:
    """above / below, and `otherwise` where below is 0."""
    return np.divide(above, below, out=np.full(np.shape(above), otherwise), where=below > 0)
