"""Reviews of campaigns: what was planned, what was done, what it changed, and what follows from that.

Customers who were left out by chance are the only evidence of an effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from core.config.campaigns import Campaign
from core.errors import BadInput
from insights.campaigns.planning import detectable_effect
from insights.report.attribute_groups import Grouping
from insights.report.campaign_actions import CampaignAction, CampaignEvidence, choose_action
from insights.report.campaign_check import CheckedCampaign, check_campaign, count_events, find_best_groups
from insights.report.campaign_data import CampaignCustomers


@dataclass(frozen=True, kw_only=True)
class PlannedCampaign:
    """What a campaign set out to do."""

    offers: tuple[str, ...]
    channels: tuple[str, ...]
    n_customers: int
    "In the campaign and in the control group."
    audience: str = ""
    "The rule, segment or trigger of the audience, where the TOML states it."
    goal: str = ""
    hypothesis: str = ""
    owner: str = ""
    detectable_effect: float
    "On the share that acts, by a campaign and control group of this size; NaN without a control group."


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
    "Control customers who were contacted anyway; they are not compared."
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


def review_campaigns(
    customers: CampaignCustomers | None, settings: ReviewSettings, *, since: np.datetime64
) -> tuple[CampaignReview, ...]:
    """The campaigns with a contact on or after a day, latest first."""
    if customers is None:
        return ()
    recent = np.unique(customers.campaigns[customers.last_at >= since])
    reviews = [
        _review(customers.take(customers.campaigns == name), str(name), settings=settings, n_campaigns=len(recent))
        for name in recent
    ]
    return tuple(sorted(reviews, key=lambda one: (one.done.first_day, one.name), reverse=True))


def _review(customers: CampaignCustomers, name: str, *, settings: ReviewSettings, n_campaigns: int) -> CampaignReview:
    usable = customers.take(~customers.in_both)
    done, checked = _describe(customers, name), check_campaign(usable, margin_rate=settings.margin_rate)
    evidence = CampaignEvidence(
        effect=checked.effect,
        n_campaigns=n_campaigns,
        net_value=checked.net_value,
        e_value=checked.evidence,
        has_control=done.n_control > 0,
        can_compare=customers.acted is not None,
        stage=max(done.stages, default=100),
        control_rate=checked.control_rate,
        control_share=done.n_control / max(1, done.n_control + done.n_contacted),
        is_over=not checked.n_waiting,
        over_on=done.last_day + timedelta(days=int(customers.response_days[0]) + 1),
        conversions=count_events(usable, usable.acted),
        unsubscriptions=count_events(usable, usable.unsubscribed, only_if_control=True),
    )
    best = tuple(find_best_groups(usable, settings.groupings)) if checked.effect.low > 0 else ()
    return CampaignReview(
        name=name,
        planned=_plan(customers, name, checked=checked, statements=settings.statements),
        done=done,
        checked=checked,
        action=choose_action(evidence, groups=best),
    )


def _describe(customers: CampaignCustomers, name: str) -> DoneCampaign:
    return DoneCampaign(
        first_day=customers.first_at.min().astype("datetime64[D]").item(),
        last_day=customers.last_at.max().astype("datetime64[D]").item(),
        n_contacts=int(customers.n_contacts.sum()),
        n_contacted=int((customers.treated & ~customers.in_both).sum()),
        n_control=int((~customers.treated).sum()),
        n_in_both=int(customers.in_both.sum()),
        cost=float(customers.costs.sum()),
        stages=customers.stages.get(name, ()),
    )


def _plan(
    customers: CampaignCustomers, name: str, *, checked: CheckedCampaign, statements: Mapping[str, Campaign]
) -> PlannedCampaign:
    statement = statements.get(name)
    n_control = int((~customers.treated).sum())
    try:
        shown = detectable_effect(
            len(customers), base_rate=checked.control_rate, control_share=n_control / len(customers)
        )
    except BadInput:
        shown = float("nan")

    return PlannedCampaign(
        offers=customers.offers.get(name, ()),
        channels=customers.channels.get(name, ()),
        n_customers=len(customers),
        audience="" if statement is None else _describe_audience(statement),
        goal="" if statement is None else statement.goal,
        hypothesis="" if statement is None else statement.hypothesis,
        owner="" if statement is None else statement.owner,
        detectable_effect=shown,
    )


def _describe_audience(statement: Campaign) -> str:
    """The rule or segment, and the trigger, as the TOML states them."""
    trigger = statement.trigger
    parts = (statement.rule, statement.segment, None if trigger is None else trigger.as_rule or trigger.kind)
    return "; ".join(part for part in parts if part)
