"""MRR at risk by cause, and interventions ranked by expected gain.

    MRR at risk of a cause     sum over customers of MRR x P(churn) x share of the cause
    gain of an intervention    sum over the customers it pays for of
                               P(churn) x share of its cause x save rate x value - cost,    minus its fixed cost

The MRR at risk of all causes adds up to that of churn overall, to the last unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.config.customers import Intervention
from core.errors import DataError, did_you_mean
from core.intervals import N_RESAMPLES, Estimate, estimate_intervals


@dataclass(frozen=True)
class RevenueAtRisk:
    """Current customers with their MRR and risk by cause; one row per customer."""

    customer_ids: NDArray[np.str_]
    "(n,)"
    mrr: NDArray[np.float64]
    "(n,) base currency per month."
    risk_by_cause: NDArray[np.float64]
    "(n, causes) P(churn for the cause within the horizon); rows sum to P(churn)."

    @classmethod
    def of(
        cls,
        customer_ids: NDArray[np.str_],
        mrr: NDArray[np.float64],
        *,
        risk: NDArray[np.float64],
        shares: NDArray[np.float64],
    ) -> RevenueAtRisk:
        """Split the probability of churn (n,) by the share of each cause (n, causes)."""
        return cls(customer_ids, mrr, risk[:, None] * shares)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> RevenueAtRisk:
        """The customers that an index array or boolean mask picks."""
        return RevenueAtRisk(self.customer_ids[rows], self.mrr[rows], self.risk_by_cause[rows])

    @property
    def mrr_by_cause(self) -> NDArray[np.float64]:
        """Expected loss of MRR, (n, causes)."""
        return self.mrr[:, None] * self.risk_by_cause

    def totals(self, n_resamples: int = N_RESAMPLES, seed: int = 0) -> list[Estimate]:
        """MRR at risk by cause, with 90 % intervals over customers; the last is the total."""
        by_cause = self.mrr_by_cause
        columns = np.column_stack([by_cause, by_cause.sum(axis=1)])
        return estimate_intervals(
            lambda weights: weights @ columns, self.customer_ids, n_resamples=n_resamples, seed=seed
        )


class RankedIntervention(msgspec.Struct, frozen=True, kw_only=True):
    """An intervention against one cause with its expected gain."""

    name: str
    cause: str
    gain: Estimate
    "Expected value minus costs, base currency."
    n_customers: int
    "Number of customers it pays for."
    save_rate: float
    cost: float
    "Per customer, base currency."
    fixed_cost: float


def rank_interventions(
    revenue: RevenueAtRisk,
    values: NDArray[np.float64],
    *,
    interventions: Sequence[Intervention],
    causes: Sequence[str],
    offer_costs: Mapping[str, float],
    seed: int = 0,
) -> tuple[RankedIntervention, ...]:
    """Rank interventions by expected gain. `values` (n,) is the worth of each customer if kept.

    Raises DataError for an intervention whose offer is not in the offers table.
    """
    ranked = [
        _evaluate(
            revenue, values, intervention=intervention, causes=causes, cost=_cost(intervention, offer_costs), seed=seed
        )
        for intervention in interventions
    ]
    return tuple(sorted(ranked, key=lambda intervention: -intervention.gain.value))


def _evaluate(
    revenue: RevenueAtRisk,
    values: NDArray[np.float64],
    *,
    intervention: Intervention,
    causes: Sequence[str],
    cost: float,
    seed: int,
) -> RankedIntervention:
    risk = revenue.risk_by_cause[:, list(causes).index(intervention.cause)]
    net_values = risk * intervention.save_rate * values - cost
    gains = net_values.clip(0)
    (gain,) = estimate_intervals(
        lambda weights: (weights @ gains - intervention.fixed_cost)[:, None], revenue.customer_ids, seed=seed
    )
    return RankedIntervention(
        name=intervention.name,
        cause=intervention.cause,
        gain=gain,
        n_customers=int((net_values > 0).sum()),
        save_rate=intervention.save_rate,
        cost=cost,
        fixed_cost=intervention.fixed_cost,
    )


def _cost(intervention: Intervention, offer_costs: Mapping[str, float]) -> float:
    if intervention.offer is None:
        return intervention.cost or 0.0
    if intervention.offer not in offer_costs:
        raise DataError(
            f"intervention '{intervention.name}' names the offer '{intervention.offer}'"
            f"{did_you_mean(intervention.offer, offer_costs) if offer_costs else '; there is no offers table'}"
        )
    return offer_costs[intervention.offer]


def apportion(total: int, parts: Sequence[float]) -> list[int]:
    """Split a whole number in proportion to parts so that the sum is exact, by largest remainders."""
    sum_of_parts = sum(parts)
    exact = np.array([total * part / sum_of_parts if sum_of_parts > 0 else 0.0 for part in parts])
    shares = np.floor(exact).astype(np.int64)
    remainder = total - int(shares.sum()) if sum_of_parts > 0 else 0
    shares[np.argsort(shares - exact, kind="stable")[:remainder]] += 1
    return shares.tolist()
