"""Reviews of campaigns: what was planned, what was done, what it changed, and what follows from that.

Customers who were left out by chance are the only evidence of an effect.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from core.config.campaigns import Campaign, Kpi
from core.errors import BadInput
from insights.campaigns.kpis import Measurement
from insights.campaigns.measuring import DailyTest, KpiEffect
from insights.campaigns.planning import detectable_effect, scale_detectable
from insights.campaigns.sequential import Conversions
from insights.report.attribute_groups import Grouping
from insights.report.campaign_actions import CampaignAction, CampaignEvidence, choose_action
from insights.report.campaign_check import CheckedCampaign, check_campaign, find_best_groups
from insights.report.campaign_data import CampaignCustomers
from tables.tables import Tables


@dataclass(frozen=True, kw_only=True)
class PlannedCampaign:
    """What a campaign set out to do."""

    offers: tuple[str, ...]
    channels: tuple[str, ...]
    n_customers: int
    "In the campaign and in the control group."
    kpi: Kpi
    "By what it is judged: that of the TOML, otherwise an order, or a conversion where no purchases are recorded."
    n_response_days: int
    audience: str = ""
    "The rule or segment of the audience, and its trigger where that is a rule; '' where the TOML states none."
    trigger: str = ""
    "The kind of a trigger that no rule says."
    goal: str = ""
    hypothesis: str = ""
    owner: str = ""
    detectable_effect: float
    "On the KPI, by a campaign and control group of this size; NaN without a control group."


@dataclass(frozen=True, kw_only=True)
class DoneCampaign:
    """What was done."""

    first_day: date
    last_day: date
    n_contacts: int
    n_contacted: int
    "Customers."
    n_control: int
    n_in_both: int
    "Control customers who were contacted anyway; they still count as control."
    n_known: int
    "Customers of both groups whose KPI is known."
    cost: float
    "Base currency."
    stages: tuple[int, ...]
    "Per cent of the audience, as far as the roll-out came."


@dataclass(frozen=True, kw_only=True)
class CampaignReview:
    """A campaign from plan to action."""

    name: str
    planned: PlannedCampaign
    done: DoneCampaign
    checked: CheckedCampaign
    action: CampaignAction


@dataclass(frozen=True, kw_only=True)
class ReviewSettings:
    """What reviews need beside the contacts."""

    cutoff: date
    margin_rate: float
    groupings: Sequence[Grouping]
    statements: Mapping[str, Campaign]
    "`[campaigns]` of the TOML, by name."
    tables: Tables
    "What KPIs are measured on."

    def measure(self, name: str, *, n_days: int) -> Measurement:
        """By what a campaign is measured."""
        usual: Kpi = "purchased" if "purchases" in self.tables else "converted"
        statement = self.statements.get(name)
        return Measurement(
            kpi=usual if statement is None else statement.kpi, n_days=n_days, tables=self.tables, today=self.cutoff
        )


def review_campaigns(
    customers: CampaignCustomers | None, settings: ReviewSettings, *, since: np.datetime64
) -> tuple[CampaignReview, ...]:
    """The campaigns with a contact on or after a day, latest first."""
    if customers is None:
        return ()
    recent = np.unique(customers.campaigns[customers.last_at >= since])
    reviews = [
        _review(customers.of_campaign(str(name)), str(name), settings=settings, n_campaigns=len(recent))
        for name in recent
    ]
    return tuple(sorted(reviews, key=lambda one: (one.done.first_day, one.name), reverse=True))


def _review(customers: CampaignCustomers, name: str, *, settings: ReviewSettings, n_campaigns: int) -> CampaignReview:
    measurement = settings.measure(name, n_days=int(customers.response_days[0]))
    checked = check_campaign(customers, measurement, margin_rate=settings.margin_rate)
    done, own = _describe(customers, name, checked=checked), checked.own
    evidence = CampaignEvidence(
        kpi=own.kpi,
        effect=own.per_customer,
        n_customers=done.n_known,
        n_campaigns=n_campaigns,
        net_value=checked.net_value,
        e_value=checked.evidence,
        has_control=done.n_control > 0,
        can_compare=own.is_recorded,
        stage=max(done.stages, default=100),
        control_rate=math.nan if own.control_mean is None else own.control_mean,
        control_share=done.n_control / max(1, done.n_control + done.n_contacted),
        is_over=not checked.n_waiting,
        over_on=done.last_day + timedelta(days=_days_to_know(measurement) + 1),
        conversions=_count(checked.measures.conversions),
        unsubscriptions=_count(checked.measures.unsubscriptions),
    )
    best: tuple[tuple[str, str], ...] = ()
    if own.per_customer.low > 0:
        best = tuple(find_best_groups(customers.compare().by_chance, measurement, groupings=settings.groupings))
    return CampaignReview(
        name=name,
        planned=_plan(customers, name, checked=checked, measurement=measurement, statements=settings.statements),
        done=done,
        checked=checked,
        action=choose_action(evidence, groups=best),
    )


def _days_to_know(measurement: Measurement) -> int:
    """Days after a contact until the KPI is known."""
    if measurement.kpi == "stayed" and measurement.tables is not None:
        return measurement.tables.config.label_duration.days
    return measurement.n_days


def _count(test: DailyTest | None) -> Conversions | None:
    return None if test is None else Conversions(test.n_treated, test.n_control, test.treated_share)


def _describe(customers: CampaignCustomers, name: str, *, checked: CheckedCampaign) -> DoneCampaign:
    return DoneCampaign(
        first_day=customers.first_at.min().astype("datetime64[D]").item(),
        last_day=customers.last_at.max().astype("datetime64[D]").item(),
        n_contacts=int(customers.n_contacts.sum()),
        n_contacted=int(customers.treated.sum()),
        n_control=int((~customers.treated).sum()),
        n_in_both=int(customers.in_both.sum()),
        n_known=checked.own.n_treated + checked.own.n_control,
        cost=float(customers.costs.sum()),
        stages=customers.stages.get(name, ()),
    )


def _plan(
    customers: CampaignCustomers,
    name: str,
    *,
    checked: CheckedCampaign,
    measurement: Measurement,
    statements: Mapping[str, Campaign],
) -> PlannedCampaign:
    statement = statements.get(name)
    return PlannedCampaign(
        offers=customers.offers.get(name, ()),
        channels=customers.channels.get(name, ()),
        n_customers=len(customers),
        kpi=measurement.kpi,
        n_response_days=_days_to_know(measurement),
        audience="" if statement is None else _describe_audience(statement),
        trigger=_name_trigger(statement),
        goal="" if statement is None else statement.goal,
        hypothesis="" if statement is None else statement.hypothesis,
        owner="" if statement is None else statement.owner,
        detectable_effect=_find_detectable(customers, checked.own),
    )


def _find_detectable(customers: CampaignCustomers, own: KpiEffect) -> float:
    """The smallest effect that a campaign and control group of this size show; of money, by the interval so far."""
    n_control = int((~customers.treated).sum())
    if own.kpi == "amount":
        return scale_detectable(own.per_customer, n_known=own.n_treated + own.n_control, n_customers=len(customers))
    try:
        return detectable_effect(
            len(customers),
            base_rate=math.nan if own.control_mean is None else own.control_mean,
            control_share=n_control / len(customers),
        )
    except BadInput:
        return math.nan


def _name_trigger(statement: Campaign | None) -> str:
    trigger = None if statement is None else statement.trigger
    return "" if trigger is None or trigger.as_rule else trigger.kind


def _describe_audience(statement: Campaign) -> str:
    """The rule or segment, and the rule of the trigger, as the TOML states them."""
    trigger = statement.trigger
    parts = (statement.rule, statement.segment, None if trigger is None else trigger.as_rule)
    return "; ".join(part for part in parts if part)
