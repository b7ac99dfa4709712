"""What today's customers put at stake, and what to do first: of the whole company and of each group alike.

Every figure is summed from the same numbers of each customer, so that the groups that part the company (its tiers, its
plans, its trades) add up to it. An intervention is evaluated for each group as if that group were the only one: its
fixed cost counts in full.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import numpy as np

from core.config.data_set import Config
from core.intervals import Estimate
from insights.causes.competing_risks import CauseHazards
from insights.causes.panel import Evidence
from insights.causes.revenue_at_risk import RankedIntervention, RevenueAtRisk, ranked_interventions
from insights.causes.risk_view import RiskView, TodaysRisks

StakesBy = Literal["hazard model", "attributed"]
"Whose risks of each cause stakes and interventions rest on."


class Stake(msgspec.Struct, frozen=True):
    """What one cause puts at stake among today's customers."""

    cause: str
    customers: float
    "Expected to leave for it within the horizon."
    mrr: Estimate
    "Expected to be lost to it, base currency a month."


class MoneyAtStake(msgspec.Struct, frozen=True, kw_only=True):
    """What some of today's customers put at stake, and what to do first for them."""

    n_customers: int
    mrr: float
    "What they pay a month."
    mrr_at_stake: Estimate
    stakes: tuple[Stake, ...]
    "The largest first; they sum to the whole."
    interventions: tuple[RankedIntervention, ...]
    "The most expected money first."

    def money(self) -> dict[str, Any]:
        """These fields by name."""
        return {name: getattr(self, name) for name in MoneyAtStake.__struct_fields__}


class Outlook(MoneyAtStake, frozen=True, kw_only=True):
    """Today's customers of one group: the risk of each cause, the money, the interventions."""

    by: str
    "'all', segment, tier, main_plan, account_industry, ..."
    value: str
    "'' for those who belong to no other group by the same."
    risks: RiskView | None
    "The mean risks of the group's customers by the hazard model; null without one."


@dataclass(frozen=True)
class Today:
    """Today's customers, each with all that is summed."""

    config: Config
    causes: Sequence[str]
    offer_costs: Mapping[str, float]
    stake: RevenueAtRisk
    stakes_by: StakesBy
    risks: TodaysRisks | None

    @classmethod
    def of(
        cls,
        evidence: Evidence,
        found: CauseHazards,
        config: Config,
        offer_costs: Mapping[str, float],
        risks: TodaysRisks | None,
    ) -> Today:
        """At stake is the hazard model's risk where it reaches far enough, or the churn model's by the found shares."""
        rows, now = evidence.rows, ~evidence.is_past
        ids, mrr, causes = rows.customer_ids[now], evidence.mrr[now], evidence.names.causes
        if risks is not None and risks.reaches(evidence.horizon_days):
            stake = RevenueAtRisk(ids, mrr, risks.within(evidence.horizon_days, causes))
            return cls(config, causes, offer_costs, stake, "hazard model", risks)
        stake = RevenueAtRisk.of(ids, mrr, evidence.risk[now], found.shares(evidence.lived.take(now)))
        return cls(config, causes, offer_costs, stake, "attributed", risks)

    def outlooks(self, evidence: Evidence) -> Iterator[Outlook]:
        """Of everybody, then of every group that has a customer today."""
        now = ~evidence.is_past
        yield self.outlook("all", "", np.ones(len(self.stake.mrr), bool))
        for group in evidence.groups:
            if group.rows[now].any():
                yield self.outlook(group.by, group.value, group.rows[now])

    def outlook(self, by: str, value: str, members: np.ndarray) -> Outlook:
        """Of the customers that a mask (n,) picks, of whom there is at least one."""
        stake, seed, settings = self.stake.take(members), self.config.seed, self.config.causes
        *by_cause, whole = stake.totals(seed=seed)
        leaving = stake.risk_by_cause.sum(axis=0)
        stakes = [Stake(*one) for one in zip(self.causes, leaving.tolist(), by_cause, strict=True)]
        values = stake.mrr * self.config.money.margin_rate * settings.value_months
        return Outlook(
            by=by,
            value=value,
            n_customers=len(stake.mrr),
            mrr=float(stake.mrr.sum()),
            mrr_at_stake=whole,
            stakes=tuple(sorted(stakes, key=lambda one: -one.mrr.value)),
            interventions=ranked_interventions(
                stake, values, settings.interventions, self.causes, self.offer_costs, seed
            ),
            risks=self.risks.take(members).view(self.causes, seed) if self.risks else None,
        )
