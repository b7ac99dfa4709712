"""What each cause puts at stake, and which measure against it brings the most money.

    MRR at stake of a cause    sum over customers of MRR x P(leaving) x share of the cause
    money of a measure         sum over customers for whom it pays of
                               P(leaving) x share of its cause x saved share x value - cost,    less its cost once

The stakes of all causes add up to that of leaving as such, to the last unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from core.config.relations import CauseMeasure
from core.errors import DataError, nearest
from core.intervals import Estimate, estimates


@dataclass(frozen=True)
class AtStake:
    """The customers of today; arrays are (n,) unless said otherwise."""

    customer_ids: np.ndarray
    mrr: np.ndarray
    "float64, base currency a month."
    risk_by_cause: np.ndarray
    "(n, causes) P(leaving for the cause within the horizon); rows sum to P(leaving)."

    @classmethod
    def of(cls, customer_ids: np.ndarray, mrr: np.ndarray, risk: np.ndarray, shares: np.ndarray) -> AtStake:
        """From the risk of leaving as such, (n,), and the share of each cause in it, (n, causes)."""
        return cls(customer_ids, mrr, risk[:, None] * shares)

    def take(self, rows: np.ndarray) -> AtStake:
        """The customers that an index array or boolean mask picks."""
        return AtStake(self.customer_ids[rows], self.mrr[rows], self.risk_by_cause[rows])

    @property
    def mrr_by_cause(self) -> np.ndarray:
        """(n, causes) expected loss of MRR."""
        return self.mrr[:, None] * self.risk_by_cause

    def totals(self, n_resamples: int = 300, seed: int = 0) -> list[Estimate]:
        """MRR at stake by cause, with 90 % intervals over customers; the last is the whole."""
        by_cause = self.mrr_by_cause
        parts = np.column_stack([by_cause, by_cause.sum(axis=1)])
        return estimates(lambda weights: weights @ parts, self.customer_ids, n_resamples, seed)


class RankedMeasure(msgspec.Struct, frozen=True):
    """A measure against a cause and what it is expected to bring."""

    name: str
    cause: str
    money: Estimate
    "Expected, less what it costs, base currency."
    n_customers: int
    "For whom it pays."
    saved_share: float
    cost: float
    "A customer, base currency."
    cost_once: float


def ranked_measures(
    stake: AtStake,
    values: np.ndarray,
    measures: Sequence[CauseMeasure],
    causes: Sequence[str],
    offer_costs: Mapping[str, float],
    seed: int = 0,
) -> tuple[RankedMeasure, ...]:
    """The measures, most expected money first. `values` (n,) is what each customer is worth where they are kept.

    Raises DataError for a measure whose offer is not in the offers table.
    """
    ranked = [_judged(stake, values, measure, causes, _cost(measure, offer_costs), seed) for measure in measures]
    return tuple(sorted(ranked, key=lambda one: -one.money.value))


def _judged(
    stake: AtStake, values: np.ndarray, measure: CauseMeasure, causes: Sequence[str], cost: float, seed: int
) -> RankedMeasure:
    saved = stake.risk_by_cause[:, list(causes).index(measure.cause)] * measure.saved_share * values - cost
    gains = saved.clip(0)
    (money,) = estimates(lambda weights: (weights @ gains - measure.cost_once)[:, None], stake.customer_ids, seed=seed)
    n_customers = int((saved > 0).sum())
    return RankedMeasure(
        measure.name, measure.cause, money, n_customers, measure.saved_share, cost, measure.cost_once
    )  # fmt: skip


def _cost(measure: CauseMeasure, offer_costs: Mapping[str, float]) -> float:
    if measure.offer is None:
        return measure.cost or 0.0
    if measure.offer not in offer_costs:
        raise DataError(
            f"measure '{measure.name}' names the offer '{measure.offer}'"
            f"{nearest(measure.offer, offer_costs) if offer_costs else '; there is no offers table'}"
        )
    return offer_costs[measure.offer]


def apportioned(whole: int, parts: Sequence[float]) -> list[int]:
    """A whole number dealt out in proportion to parts, so that the sum is exact: by largest remainders."""
    total = sum(parts)
    exact = np.array([whole * part / total if total > 0 else 0.0 for part in parts])
    dealt = np.floor(exact).astype(np.int64)
    short = whole - int(dealt.sum()) if total > 0 else 0
    dealt[np.argsort(dealt - exact, kind="stable")[:short]] += 1
    return dealt.tolist()
