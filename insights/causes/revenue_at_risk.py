"""What each cause puts at stake, and which intervention against it brings the most money.

    MRR at stake of a cause    sum over customers of MRR x P(leaving) x share of the cause
    money of an intervention         sum over customers for whom it pays of
                               P(leaving) x share of its cause x saved share x value - cost,    less its cost once

The stakes of all causes add up to that of leaving as such, to the last unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from core.config.customers import Intervention
from core.errors import DataError, did_you_mean
from core.intervals import N_RESAMPLES, Estimate, estimate_intervals


@dataclass(frozen=True)
class RevenueAtRisk:
    """The customers of today; arrays are (n,) unless said otherwise."""

    customer_ids: np.ndarray
    mrr: np.ndarray
    "float64, base currency a month."
    risk_by_cause: np.ndarray
    "(n, causes) P(leaving for the cause within the horizon); rows sum to P(leaving)."

    @classmethod
    def of(cls, customer_ids: np.ndarray, mrr: np.ndarray, risk: np.ndarray, shares: np.ndarray) -> RevenueAtRisk:
        """From the risk of leaving as such, (n,), and the share of each cause in it, (n, causes)."""
        return cls(customer_ids, mrr, risk[:, None] * shares)

    def take(self, rows: np.ndarray) -> RevenueAtRisk:
        """The customers that an index array or boolean mask picks."""
        return RevenueAtRisk(self.customer_ids[rows], self.mrr[rows], self.risk_by_cause[rows])

    @property
    def mrr_by_cause(self) -> np.ndarray:
        """(n, causes) expected loss of MRR."""
        return self.mrr[:, None] * self.risk_by_cause

    def totals(self, n_resamples: int = N_RESAMPLES, seed: int = 0) -> list[Estimate]:
        """MRR at stake by cause, with 90 % intervals over customers; the last is the whole."""
        by_cause = self.mrr_by_cause
        parts = np.column_stack([by_cause, by_cause.sum(axis=1)])
        return estimate_intervals(
            lambda weights: weights @ parts, self.customer_ids, n_resamples=n_resamples, seed=seed
        )


class RankedIntervention(msgspec.Struct, frozen=True):
    """An intervention against a cause and what it is expected to bring."""

    name: str
    cause: str
    money: Estimate
    "Expected, less what it costs, base currency."
    n_customers: int
    "For whom it pays."
    save_rate: float
    cost: float
    "A customer, base currency."
    fixed_cost: float


def ranked_interventions(
    stake: RevenueAtRisk,
    values: np.ndarray,
    interventions: Sequence[Intervention],
    causes: Sequence[str],
    offer_costs: Mapping[str, float],
    seed: int = 0,
) -> tuple[RankedIntervention, ...]:
    """The interventions, most expected money first. `values` (n,) is what each customer is worth where they are kept.

    Raises DataError for an intervention whose offer is not in the offers table.
    """
    ranked = [
        _judged(stake, values, intervention, causes, _cost(intervention, offer_costs), seed)
        for intervention in interventions
    ]
    return tuple(sorted(ranked, key=lambda one: -one.money.value))


def _judged(
    stake: RevenueAtRisk, values: np.ndarray, intervention: Intervention, causes: Sequence[str], cost: float, seed: int
) -> RankedIntervention:
    saved = stake.risk_by_cause[:, list(causes).index(intervention.cause)] * intervention.save_rate * values - cost
    gains = saved.clip(0)
    (money,) = estimate_intervals(
        lambda weights: (weights @ gains - intervention.fixed_cost)[:, None], stake.customer_ids, seed=seed
    )
    n_customers = int((saved > 0).sum())
    return RankedIntervention(
        intervention.name, intervention.cause, money, n_customers, intervention.save_rate, cost, intervention.fixed_cost
    )  # fmt: skip


def _cost(intervention: Intervention, offer_costs: Mapping[str, float]) -> float:
    if intervention.offer is None:
        return intervention.cost or 0.0
    if intervention.offer not in offer_costs:
        raise DataError(
            f"intervention '{intervention.name}' names the offer '{intervention.offer}'"
            f"{did_you_mean(intervention.offer, offer_costs) if offer_costs else '; there is no offers table'}"
        )
    return offer_costs[intervention.offer]


def apportioned(whole: int, parts: Sequence[float]) -> list[int]:
    """A whole number dealt out in proportion to parts, so that the sum is exact: by largest remainders."""
    total = sum(parts)
    exact = np.array([whole * part / total if total > 0 else 0.0 for part in parts])
    dealt = np.floor(exact).astype(np.int64)
    short = whole - int(dealt.sum()) if total > 0 else 0
    dealt[np.argsort(dealt - exact, kind="stable")[:short]] += 1
    return dealt.tolist()
