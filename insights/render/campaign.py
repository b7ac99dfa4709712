"""Campaigns as lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from core.campaigns import state_of
from core.config.campaigns import Campaign
from core.i18n.formatting import format_amount
from core.i18n.translation import ENGLISH
from core.intervals import Estimate
from insights.campaigns.measuring import DailyTest, KpiEffect
from insights.campaigns.rollout import RunningCampaign
from insights.campaigns.staging import StageDecision

EFFECT_NAMES = {
    "converted": ("conversions", "converts"),
    "purchased": ("customers with an order", "orders"),
    "amount": ("revenue", "buys for"),
    "stayed": ("customers kept", "stays"),
}
"By KPI: what the total counts, and what a customer does."


def describe_campaign(
    name: str, running: RunningCampaign, *, following: StageDecision | None, currency: str
) -> Iterator[str]:
    """The plan, the state, the figures with their intervals, and what happens next."""
    yield from _describe_plan(name, running.campaign)
    state, measures = state_of(running.events), running.measures
    if running.events:
        last = running.events[-1]
        stage = f" at {last.stage_percent} %" if last.stage_percent else ""
        why = last.why or "no reason given"
        yield f"state: {state}{stage} since {last.at:%Y-%m-%d %H:%M} UTC, by {last.who}: {why}"
    else:
        yield f"state: {state}; `kizuna campaign start {name}` starts it"
    money = partial(format_amount, currency=currency, locale=ENGLISH, n_decimals=0)
    if measures.n_customers:
        yield (
            f"so far: {measures.n_treated:,} customers contacted, {measures.n_control:,} in the control group, "
            f"{measures.n_contacts:,} contacts, cost {money(measures.cost)}"
        )
        for effect in measures.effects:
            yield describe_effect(effect, currency=currency)
        if measures.return_on_cost.has_interval:
            yield f"return on cost: {_share(measures.return_on_cost)}"
        for test in filter(None, (measures.conversions, measures.unsubscriptions)):
            yield describe_test(test)
    for warning in measures.warnings:
        yield f"warning: {warning}"
    if following is not None:
        yield f"next: {describe_next(following)}"


def _describe_plan(name: str, campaign: Campaign) -> Iterator[str]:
    yield f"{name}: {campaign.goal}"
    audience = [f"rule {campaign.rule}"] if campaign.rule else []
    audience += [f"segment {campaign.segment}"] if campaign.segment else []
    audience += [f"trigger {campaign.trigger.kind}"] if campaign.trigger else []
    yield f"audience: {', '.join(audience)}; offers: {' > '.join(campaign.offer_ids)}"
    yield (
        f"kpi: {campaign.kpi} within {campaign.n_response_days} days; control group {campaign.control_share:.0%}; "
        f"stages {', '.join(map(str, campaign.stages))} %; from {campaign.starts_on} "
        f"to {campaign.ends_on or 'no fixed end'}"
    )
    for label, text in (("hypothesis", campaign.hypothesis), ("owner", campaign.owner)):
        if text:
            yield f"{label}: {text}"


def describe_effect(effect: KpiEffect, *, currency: str) -> str:
    """One effect with its interval, for each customer and for all together."""
    noun, verb = EFFECT_NAMES[effect.kpi]
    if effect.unknown:
        return f"{effect.kpi}: {effect.unknown}"
    money = partial(format_amount, currency=currency, locale=ENGLISH, n_decimals=0)
    if effect.kpi == "amount":
        figure, total = money, money
    else:
        figure, total = "{:.2%}".format, "{:,.0f}".format
    each, all_of_them = effect.per_customer, effect.total
    return (
        f"{effect.kpi}: {figure(effect.treated_mean or 0)} of the contacted against {figure(effect.control_mean or 0)} "
        f"of the control group, so a contacted customer {verb} {figure(each.value)} more "
        f"({figure(each.low)} to {figure(each.high)}); {noun} gained: {total(all_of_them.value)} "
        f"({total(all_of_them.low)} to {total(all_of_them.high)})"
    )


def describe_test(test: DailyTest) -> str:
    """The test that may be read every day."""
    ratio = test.rate_ratio
    verdict = "an effect is shown" if test.is_shown else "no effect is shown yet"
    bounds = f", ratio {ratio.value:.2f} ({ratio.low:.2f} to {ratio.high:.2f})" if ratio.value == ratio.value else ""
    return (
        f"read daily: {test.event} {test.n_treated:,} contacted and {test.n_control:,} of the control group{bounds}: "
        f"{verdict}"
    )


def describe_next(following: StageDecision) -> str:
    """What the next run does with a running campaign."""
    actions = {
        "advance": f"goes on to {following.stage_percent} %",
        "hold": f"stays at {following.stage_percent} %",
        "stop": "stops",
        "complete": f"stays at {following.stage_percent} %",
    }
    return f"{actions[following.action]}: {following.reason}"


def _share(estimate: Estimate) -> str:
    return f"{estimate.value:+.0%} ({estimate.low:+.0%} to {estimate.high:+.0%})"
