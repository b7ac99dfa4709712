"""Revenue at risk of today's customers by cause, and what to do first: for the company and for each group.

Every figure sums the same numbers per customer, so groups that partition the company (tiers, plans, attributes) add up
to it. An intervention is evaluated for each group as if that group were the only one: its fixed cost counts in full.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.config.data_set import Config
from core.intervals import Estimate
from insights.causes.competing_risks import CauseHazards
from insights.causes.panel import Panel
from insights.causes.revenue_at_risk import RankedIntervention, RevenueAtRisk, rank_interventions
from insights.causes.risk_view import HazardRisks, RiskView

RiskSource = Literal["hazard model", "attributed"]
"Where the risk by cause comes from."


class CauseRisk(msgspec.Struct, frozen=True):
    """Revenue at risk from one cause among today's customers."""

    cause: str
    customers: float
    "Expected to churn for it within the horizon."
    mrr: Estimate
    "Expected loss, base currency per month."


class CurrentRisk(msgspec.Struct, frozen=True, kw_only=True):
    """Revenue at risk of some of today's customers, and what to do first for them."""

    n_customers: int
    mrr: float
    "What they pay per month."
    mrr_at_risk: Estimate
    mrr_at_risk_by_cause: tuple[CauseRisk, ...]
    "Largest first; they sum to the total."
    interventions: tuple[RankedIntervention, ...]
    "Largest expected gain first."

    def fields(self) -> dict[str, Any]:
        """These fields by name."""
        return {name: getattr(self, name) for name in CurrentRisk.__struct_fields__}


class GroupRisk(CurrentRisk, frozen=True, kw_only=True):
    """Risk, revenue at risk and interventions of today's customers in one group."""

    by: str
    "'all', segment, customer_tier, main_plan, account_industry, ..."
    value: str
    "'' for customers in no other group of the same kind."
    risks: RiskView | None
    "Mean risks by the hazard model; null without one."


@dataclass(frozen=True, kw_only=True)
class CurrentCustomers:
    """Today's customers, with the per-customer numbers that figures sum."""

    config: Config
    causes: Sequence[str]
    offer_costs: Mapping[str, float]
    revenue: RevenueAtRisk
    risk_source: RiskSource
    risks: HazardRisks | None

    @classmethod
    def of(
        cls,
        panel: Panel,
        hazards: CauseHazards,
        *,
        config: Config,
        offer_costs: Mapping[str, float],
        risks: HazardRisks | None,
    ) -> CurrentCustomers:
        """Take risk from the hazard model if it reaches the horizon, else from the churn model by attributed shares."""
        rows, is_current = panel.rows, ~panel.is_past
        ids, mrr, causes = rows.customer_ids[is_current], panel.mrr[is_current], panel.names.causes
        if risks is not None and risks.reaches(panel.horizon_days):
            revenue = RevenueAtRisk(ids, mrr, risks.within(panel.horizon_days, causes))
            source: RiskSource = "hazard model"
        else:
            shares = hazards.shares(panel.covariates.take(is_current))
            revenue = RevenueAtRisk.of(ids, mrr, risk=panel.risk[is_current], shares=shares)
            source = "attributed"
        return cls(
            config=config, causes=causes, offer_costs=offer_costs, revenue=revenue, risk_source=source, risks=risks
        )

    def group_risks(self, panel: Panel) -> Iterator[GroupRisk]:
        """Risk of all customers, then of every group with a customer today."""
        is_current = ~panel.is_past
        yield self.group_risk("all", "", members=np.ones(len(self.revenue.mrr), bool))
        for group in panel.groups:
            if group.rows[is_current].any():
                yield self.group_risk(group.by, group.value, members=group.rows[is_current])

    def group_risk(self, by: str, value: str, *, members: NDArray[np.bool_]) -> GroupRisk:
        """Risk of the customers that a mask (n,) picks, at least one."""
        revenue, seed, settings = self.revenue.take(members), self.config.seed, self.config.causes
        *by_cause, total = revenue.totals(seed=seed)
        n_churning = revenue.risk_by_cause.sum(axis=0).tolist()
        cause_risks = [CauseRisk(*fields) for fields in zip(self.causes, n_churning, by_cause, strict=True)]
        return GroupRisk(
            by=by,
            value=value,
            n_customers=len(revenue.mrr),
            mrr=float(revenue.mrr.sum()),
            mrr_at_risk=total,
            mrr_at_risk_by_cause=tuple(sorted(cause_risks, key=lambda risk: -risk.mrr.value)),
            interventions=rank_interventions(
                revenue,
                revenue.mrr * self.config.money.margin_rate * settings.value_months,
                interventions=settings.interventions,
                causes=self.causes,
                offer_costs=self.offer_costs,
                seed=seed,
            ),
            risks=self.risks.take(members).view(self.causes, seed) if self.risks else None,
        )
