"""Figures of a ranking for many bootstrap samples at once.

A sample is told by weights: how often each row counts. The rows are sorted by
score a single time; every array below is (samples, groups), where a group is
the rows of one score, highest score first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np


@dataclass(frozen=True)
class RankedRows:
    """Rows sorted by falling score, those of equal score in one group."""

    order: np.ndarray
    "(n,) row numbers, highest score first."
    starts: np.ndarray
    "(groups,) place of each group's first row in that order."
    churned: np.ndarray
    "(n,) 1.0 or 0.0, in that order."

    @classmethod
    def of(cls, score: np.ndarray, churned: np.ndarray) -> Self:
        """Sort the rows."""
        order = np.argsort(-score, kind="stable")
        is_first = np.diff(score[order], prepend=np.nan) != 0
        return cls(order, np.flatnonzero(is_first), churned[order].astype(np.float64))

    def groups(self, weights: np.ndarray) -> Groups:
        """How much churned and stayed in each group, for weights (samples, n)."""
        sorted_weights = weights[:, self.order]
        churned = np.add.reduceat(sorted_weights * self.churned, self.starts, axis=1)
        return Groups(churned, np.add.reduceat(sorted_weights, self.starts, axis=1) - churned)


@dataclass(frozen=True)
class Groups:
    """Weight of the churned and of the stayed rows of each score, (samples, groups), highest score first."""

    churned: np.ndarray
    stayed: np.ndarray

    def auc(self) -> np.ndarray:
        """P(a churner is ranked above a stayer), half for equal scores; NaN with one class. (samples,)"""
        above_whom = self.stayed.sum(axis=1, keepdims=True) - np.cumsum(self.stayed, axis=1) + self.stayed / 2
        pairs = self.churned.sum(axis=1) * self.stayed.sum(axis=1)
        return ratio((self.churned * above_whom).sum(axis=1), pairs)

    def average_precision(self) -> np.ndarray:
        """Precision at each score that holds churners, weighted by how many; no interpolation. (samples,)"""
        found = np.cumsum(self.churned, axis=1)
        precision = ratio(found, found + np.cumsum(self.stayed, axis=1))
        return ratio(np.nansum(self.churned * precision, axis=1), self.churned.sum(axis=1))

    def captured(self, share: float) -> np.ndarray:
        """Share of the churners among the highest-scored share of rows; ties on the border count in part. (samples,)"""
        everyone = self.churned + self.stayed
        reached = np.cumsum(everyone, axis=1)
        wanted = share * reached[:, -1:]
        within = np.clip(ratio(wanted - (reached - everyone), everyone, otherwise=0.0), 0.0, 1.0)
        return ratio((self.churned * within).sum(axis=1), self.churned.sum(axis=1))


def ratio(above: np.ndarray, below: np.ndarray, otherwise: float = np.nan) -> np.ndarray:
    """above / below, and `otherwise` where there is nothing below."""
    return np.divide(above, below, out=np.full(np.shape(above), otherwise), where=below > 0)
