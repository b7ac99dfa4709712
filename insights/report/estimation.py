"""Figures that follow from sums over customers, worked out together from the same bootstrap samples.

    AOV    sum(revenue) / sum(orders)         parts (revenue, orders), formula the quotient
    CAC    spend / sum(new)                   parts (new,), formula lambda new: spend / new

Customers are drawn with replacement; a customer who is drawn twice counts twice in every sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from core.intervals import Estimate, estimate_intervals
from insights.report.figure import EVERYBODY, Figure, Place, Unit
from models.metrics.weighted import ratio

CELLS_AT_ONCE = 2**23
"Parts held in memory together: 64 MB."


def plain(*sums: np.ndarray) -> np.ndarray:
    """The sum itself."""
    return sums[0]


def quotient(*sums: np.ndarray) -> np.ndarray:
    """The first sum over the second; NaN where that is zero."""
    return ratio(sums[0], sums[1])


@dataclass(frozen=True)
class FigureSpec:
    """A figure to be worked out."""

    name: str
    unit: Unit
    parts: tuple[np.ndarray, ...]
    "What each row adds to each sum, (n,) each."
    formula: Callable[..., np.ndarray] = quotient
    "From the sums, (samples,) each, to the figure, (samples,)."
    place: Place = EVERYBODY
    n: int | None = None
    "How many it is of; the rows that add to the last sum where not said."

    def found(self, estimate: Estimate) -> Figure:
        """The figure, now that it is known."""
        n = int((self.parts[-1] != 0).sum()) if self.n is None else self.n
        return Figure(self.name, self.unit, estimate, n, self.place)


def estimate_figures(sought: Iterable[FigureSpec], ids: np.ndarray) -> list[Figure]:
    """Every figure with its interval; `ids` says whose each row is, (n,). None where there are no rows."""
    wanted = list(sought)
    if not len(ids):
        return []
    at_once = max(1, CELLS_AT_ONCE // len(ids))
    found: list[Figure] = []
    while wanted:
        fitting = _fitting(wanted, at_once)
        found += [one.found(e) for one, e in zip(wanted[:fitting], _together(wanted[:fitting], ids), strict=True)]
        wanted = wanted[fitting:]
    return found


def _fitting(wanted: Sequence[FigureSpec], columns: int) -> int:
    """How many of these, from the first on, have no more parts than so many columns; at least one."""
    reached = np.cumsum([len(one.parts) for one in wanted])
    return max(1, int((reached <= columns).sum()))


def _together(wanted: Sequence[FigureSpec], ids: np.ndarray) -> list[Estimate]:
    parts = np.column_stack([part for one in wanted for part in one.parts]).astype(np.float64)
    places = np.cumsum([0, *(len(one.parts) for one in wanted)])

    def figures(weights: np.ndarray) -> np.ndarray:
        sums = weights @ parts
        spans = zip(wanted, places[:-1], places[1:], strict=True)
        return np.column_stack([one.formula(*sums[:, start:end].T) for one, start, end in spans])

    return estimate_intervals(figures, ids)
