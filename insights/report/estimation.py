"""Estimates figures that are formulas of sums over customers, all from the same bootstrap samples.

    AOV    sum(revenue) / sum(orders)         addends (revenue, orders), formula: quotient
    CAC    spend / sum(new)                   addends (new,), formula: lambda new: spend / new

Customers are drawn with replacement. A customer who is drawn twice counts twice in every sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.intervals import N_RESAMPLES, TAILS, Estimate, estimate_intervals
from insights.report.figure import ALL_CUSTOMERS, Figure, Place
from models.metrics.weighted import ratio

MAX_CELLS = 2**23
"Addends held in memory at once: 64 MB."


def plain(*sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """The first sum."""
    return sums[0]


def quotient(*sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """The first sum divided by the second; NaN where that is zero."""
    return ratio(sums[0], sums[1])


@dataclass(frozen=True)
class FigureSpec:
    """A figure to estimate."""

    name: str
    addends: tuple[NDArray[Any], ...]
    "What each row adds to each sum, (n,) numbers or booleans each."
    _: KW_ONLY
    formula: Callable[..., NDArray[np.float64]] = quotient
    "From the sums, (samples,) each, to the figure, (samples,)."
    place: Place = ALL_CUSTOMERS
    n: int | None = None
    "The `n` of the figure; by default the number of rows with a non-zero last addend."
    is_exact: bool = False
    "Whether it has no interval, because it is a total of what is recorded and not an estimate."
    is_share: bool = False
    "Whether it is the share that the first sum has in the second."

    def figure(self, estimate: Estimate) -> Figure:
        """The figure with its estimate."""
        n = int((self.addends[-1] != 0).sum()) if self.n is None else self.n
        return Figure(self.name, estimate, n, self.place)


def estimate_figures(
    specs: Iterable[FigureSpec], ids: NDArray[np.str_], *, n_resamples: int = N_RESAMPLES
) -> list[Figure]:
    """Estimate every figure with its interval; `ids` is the customer of each row, (n,). Empty without rows.

    Exact figures come first.
    """
    if not len(ids):
        return []
    chosen = list(specs)
    rest = [spec for spec in chosen if not spec.is_exact]
    max_columns = max(1, MAX_CELLS // len(ids))
    figures = [spec.figure(Estimate(_exact_value(spec))) for spec in chosen if spec.is_exact]
    while rest:
        size = _batch_size(rest, max_columns)
        batch, rest = rest[:size], rest[size:]
        estimates = _estimate_batch(batch, ids, n_resamples=n_resamples)
        figures += [spec.figure(estimate) for spec, estimate in zip(batch, estimates, strict=True)]
    return figures


def _exact_value(spec: FigureSpec) -> float:
    sums = [np.array([addend.sum(dtype=np.float64)]) for addend in spec.addends]
    return float(spec.formula(*sums)[0])


def _batch_size(specs: Sequence[FigureSpec], max_columns: int) -> int:
    """How many of the first figures have together at most `max_columns` addends; at least one."""
    n_columns = np.cumsum([len(spec.addends) for spec in specs])
    return max(1, int((n_columns <= max_columns).sum()))


def _estimate_batch(specs: Sequence[FigureSpec], ids: NDArray[np.str_], *, n_resamples: int) -> list[Estimate]:
    addends = np.column_stack([addend for spec in specs for addend in spec.addends]).astype(np.float64)
    bounds = np.cumsum([0, *(len(spec.addends) for spec in specs)])

    def evaluate(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        sums = weights @ addends
        columns = zip(specs, bounds[:-1], bounds[1:], strict=True)
        return np.column_stack([spec.formula(*sums[:, start:end].T) for spec, start, end in columns])

    estimates = estimate_intervals(evaluate, ids, n_resamples=n_resamples)
    return [_widen_certainty(one, spec, ids=ids) for one, spec in zip(estimates, specs, strict=True)]


def _widen_certainty(estimate: Estimate, spec: FigureSpec, *, ids: NDArray[np.str_]) -> Estimate:
    """The estimate; if it is a share of customers, as `widen_share` has it."""
    if not spec.is_share:
        return estimate
    part, whole = (np.asarray(addend, dtype=np.float64) for addend in spec.addends)
    if (part < 0).any() or (part > whole).any():
        return estimate
    return widen_share(estimate, ids[whole > 0])


def widen_share(estimate: Estimate, customer_ids: NDArray[np.str_]) -> Estimate:
    """A share of these customers; that of none or all with the exact binomial bound (Clopper and Pearson 1934).

    No sample of customers has one who does what none of them did, so the bootstrap would say that it never happens.
    """
    if estimate.value not in (0, 1) or estimate.low != estimate.high:
        return estimate
    margin = 1 - TAILS[0] ** (1 / len(np.unique(customer_ids)))
    return Estimate(estimate.value, max(0.0, estimate.value - margin), min(1.0, estimate.value + margin))
