"""Churn risk of today's customers by cause, their revenue at risk, and what to do first: for all and for each group.

hazard model   mean risks of today's customers by the promoted model; they add up to the risk of churn
incidence      without one: of new customers, the share that has churned for each stated cause after some months, and
               for none (Aalen-Johansen, see views.py)

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

from core.churn_causes import OTHER
from core.config.data_set import Config
from core.intervals import Estimate, estimate_intervals
from core.risk_curves import RiskCurves
from core.window import DAYS_PER_HORIZON_MONTH
from features.pipeline import compute_features
from insights.causes.competing_risks import CauseHazards
from insights.causes.panel import Panel
from insights.causes.revenue_at_risk import RankedIntervention, RevenueAtRisk, rank_interventions
from models.hazard.hazard import Hazard
from models.metrics.weighted import ratio
from tables.tables import Tables

RISK_MONTHS = (1, 3, 6, 12)

RiskViewSource = Literal["hazard model", "incidence"]
RiskSource = Literal["hazard model", "attributed"]
"Where the risk by cause comes from."


class RiskView(msgspec.Struct, frozen=True, kw_only=True):
    """Risks by cause and months, and their source."""

    source: RiskViewSource
    model: str
    "Name and version of the hazard model; '' without one."
    months: tuple[int, ...]
    by_cause: dict[str, list[Estimate]]
    "After each number of months; incidences also have customers without a stated cause."
    whole: list[Estimate]
    "Risk of churn: the sum over causes."


@dataclass(frozen=True)
class HazardRisks:
    """Risks of today's customers by the promoted hazard model, in the order of the panel."""

    model: str
    customer_ids: NDArray[np.str_]
    curves: RiskCurves

    @classmethod
    def from_model(cls, tables: Tables, panel: Panel, *, hazard: Hazard, version: int) -> HazardRisks | None:
        """Score today's customers; None for a model without causes. Raises DataError."""
        if not hazard.causes_:
            return None
        rows = panel.rows.take(~panel.is_past)
        vocabularies = {column.name: column.vocabulary for column in hazard.columns_ if column.vocabulary is not None}
        features = compute_features(tables, rows.cohort, vocabularies=vocabularies)
        return cls(f"{hazard.name}, version {version}", rows.customer_ids, hazard.curves(features))

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> HazardRisks:
        """The customers that an index array or boolean mask picks."""
        return HazardRisks(self.model, self.customer_ids[rows], self.curves.take(rows))

    def within(self, days: float, causes: Sequence[str]) -> NDArray[np.float64]:
        """P(churn for each cause within some days), (n, causes); causes that the TOML no longer names are `other`."""
        by_model_cause = self.curves.causes_at(days)
        risks = np.zeros((len(by_model_cause), len(causes)))
        for place, cause in enumerate(self.curves.causes):
            risks[:, causes.index(cause if cause in causes else OTHER)] += by_model_cause[:, place]
        return risks

    def reaches(self, days: float) -> bool:
        """Whether the curves cover this many days."""
        return days <= self.curves.horizon_days

    def view(self, causes: Sequence[str], seed: int) -> RiskView:
        """Mean risks of today's customers, with 90 % intervals over customers."""
        months = tuple(month for month in RISK_MONTHS if self.reaches(month * DAYS_PER_HORIZON_MONTH))
        parts = np.concatenate(
            [with_total(self.within(month * DAYS_PER_HORIZON_MONTH, causes)) for month in months], axis=1
        )

        def means(weights: NDArray[np.float64]) -> NDArray[np.float64]:
            return ratio(weights @ parts, weights.sum(axis=1, keepdims=True))

        estimates = iter(estimate_intervals(means, self.customer_ids, seed=seed))
        by_month = [[next(estimates) for _ in range(len(causes) + 1)] for _ in months]
        *by_cause, whole = ([month[place] for month in by_month] for place in range(len(causes) + 1))
        return RiskView(
            source="hazard model",
            model=self.model,
            months=months,
            by_cause=dict(zip(causes, by_cause, strict=True)),
            whole=whole,
        )


def with_total(parts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Append the sum over causes: (n, causes + 1)."""
    return np.column_stack([parts, parts.sum(axis=1)])


def incidence_view(incidence: dict[str, list[Estimate]], months: Sequence[int]) -> RiskView:
    """The view without a hazard model; the total has no interval of its own."""
    columns = zip(*incidence.values(), strict=True)
    whole = [Estimate(sum(estimate.value for estimate in column)) for column in columns]
    return RiskView(source="incidence", model="", months=tuple(months), by_cause=incidence, whole=whole)


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
