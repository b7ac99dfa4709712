"""Campaigns as lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from core.campaigns import CampaignEvent, state_of
from core.config.campaigns import Campaign
from core.i18n.formatting import format_amount, format_number, format_percent
from core.i18n.message import translate_written
from core.i18n.translation import Language, translate
from core.intervals import Estimate
from insights.campaigns.measuring import SENTENCES, DailyTest, KpiEffect
from insights.campaigns.rollout import REASONS, RunningCampaign
from insights.campaigns.staging import StageDecision

PLAN = "KPI: {kpi} within {days} days; control group {share}; stages {stages} %; from {first} to {last}"
PLAN_WITHOUT_END = (
    "KPI: {kpi} within {days} days; control group {share}; stages {stages} %; from {first}, without a fixed end"
)
EFFECTS = {
    "converted": "in total {n} customers who converted because of the campaign ({low} to {high})",
    "purchased": "in total {n} customers who ordered because of the campaign ({low} to {high})",
    "amount": "in total {n} bought because of the campaign ({low} to {high})",
    "stayed": "in total {n} customers who stayed because of the campaign ({low} to {high})",
}
"By KPI: what was gained in total."
NEXT = {
    "advance": "next: goes on to {stage} %: {reason}",
    "hold": "next: stays at {stage} %: {reason}",
    "stop": "next: stops: {reason}",
    "complete": "next: stays at {stage} %: {reason}",
}
"By what the next run does with a running campaign."


def describe_campaign(
    name: str, running: RunningCampaign, *, following: StageDecision | None, currency: str, language: Language
) -> Iterator[str]:
    """The plan, the state, the figures with their intervals, and what happens next."""
    yield from _CampaignText(language, currency).describe(name, running, following=following)


def describe_change(event: CampaignEvent, language: Language) -> str:
    """What a campaign has done by itself."""
    return translate(
        "campaign {name}: {state} at {stage} %: {why}",
        language,
        name=event.campaign_id,
        state=translate(f"state.{event.state}", language),
        stage=event.stage_percent,
        why=translate_written(event.why, language, templates=REASONS),
    )


class _CampaignText:
    """The lines of one campaign in a language."""

    def __init__(self, language: Language, currency: str) -> None:
        self.language, self.currency = language, currency

    def text(self, message: str, **values: str | int) -> str:
        return translate(message, self.language, **values)

    def describe(self, name: str, running: RunningCampaign, *, following: StageDecision | None) -> Iterator[str]:
        yield from self.plan(name, running.campaign)
        yield self.state(name, running)
        measures = running.measures
        if measures.n_customers:
            yield self.text(
                "so far: {contacted} customers contacted, {control} in the control group, {contacts} contacts, cost "
                "{cost}",
                contacted=measures.n_treated,
                control=measures.n_control,
                contacts=measures.n_contacts,
                cost=self.money(measures.cost),
            )
            yield from map(self.effect, measures.effects)
            if measures.return_on_cost.has_interval:
                yield self.text("return on cost: {share}", share=self.change_in_percent(measures.return_on_cost))
            yield from map(self.test, filter(None, (measures.conversions, measures.unsubscriptions)))
        for warning in measures.warnings:
            yield self.text(
                "warning: {sentence}", sentence=translate_written(warning, self.language, templates=SENTENCES)
            )
        if following is not None:
            reason = translate_written(following.reason, self.language, templates=REASONS)
            yield self.text(NEXT[following.action], stage=following.stage_percent, reason=reason)

    def plan(self, name: str, campaign: Campaign) -> Iterator[str]:
        yield f"{name}: {campaign.goal}"
        audience = [self.text("rule {rule}", rule=campaign.rule)] if campaign.rule else []
        audience += [self.text("segment {name}", name=campaign.segment)] if campaign.segment else []
        audience += (
            [self.text("trigger {name}", name=self.text(f"trigger.{campaign.trigger.kind}"))]
            if campaign.trigger
            else []
        )
        offers = (" > " if campaign.is_journey else ", ").join(campaign.offer_ids)
        yield self.text("audience: {audience}; offers: {offers}", audience=", ".join(audience), offers=offers)
        yield self.text(
            PLAN if campaign.ends_on else PLAN_WITHOUT_END,
            kpi=self.text(f"kpi.{campaign.kpi}"),
            days=campaign.n_response_days,
            share=format_percent(campaign.control_share, self.language),
            stages=", ".join(map(str, campaign.stages)),
            first=str(campaign.starts_on),
            last=str(campaign.ends_on),
        )
        if campaign.hypothesis:
            yield self.text("hypothesis: {text}", text=campaign.hypothesis)
        if campaign.owner:
            yield self.text("owner: {text}", text=campaign.owner)

    def state(self, name: str, running: RunningCampaign) -> str:
        state = self.text(f"state.{state_of(running.events)}")
        if not running.events:
            return self.text("state: {state}; `kizuna campaign start {name}` starts it", state=state, name=name)
        last = running.events[-1]
        if last.stage_percent:
            state = self.text("{state} at {stage} %", state=state, stage=last.stage_percent)
        return self.text(
            "state: {state} since {moment} UTC, by {who}: {why}",
            state=state,
            moment=f"{last.at:%Y-%m-%d %H:%M}",
            who=last.who,
            why=translate_written(last.why, self.language, templates=REASONS) or self.text("no reason given"),
        )

    def effect(self, effect: KpiEffect) -> str:
        """One effect with its interval, for each customer and for all together."""
        kpi = self.text(f"kpi.{effect.kpi}")
        if effect.unknown:
            reason = translate_written(effect.unknown, self.language, templates=SENTENCES)
            return self.text("{kpi}: {reason}", kpi=kpi, reason=reason)
        if effect.kpi == "amount":
            figure, total = self.money, self.money
        else:
            figure, total = self.share, self.number
        each, together = effect.per_customer, effect.total
        comparison = self.text(
            "{kpi}: {treated} of the contacted against {control} of the control group, a difference of {difference} "
            "({low} to {high})",
            kpi=kpi,
            treated=figure(effect.treated_mean or 0),
            control=figure(effect.control_mean or 0),
            difference=figure(each.value),
            low=figure(each.low),
            high=figure(each.high),
        )
        gained = self.text(
            EFFECTS[effect.kpi], n=total(together.value), low=total(together.low), high=total(together.high)
        )
        return comparison + self.text("; ") + gained

    def test(self, test: DailyTest) -> str:
        """The test that may be read every day."""
        ratio = test.rate_ratio
        bounds = ""
        if ratio.value == ratio.value:
            low, high = f"{ratio.low:.2f}", f"{ratio.high:.2f}"
            bounds = self.text(", ratio {ratio} ({low} to {high})", ratio=f"{ratio.value:.2f}", low=low, high=high)
        verdict = "an effect is shown" if test.is_shown else "no effect is shown yet"
        return self.text(
            "read daily: {event} {treated} contacted and {control} of the control group{bounds}: {verdict}",
            event=self.text(f"event.{test.event}"),
            treated=test.n_treated,
            control=test.n_control,
            bounds=bounds,
            verdict=self.text(verdict),
        )

    def money(self, value: float) -> str:
        return format_amount(value, self.currency, locale=self.language, n_decimals=0)

    def share(self, value: float) -> str:
        return format_percent(value, self.language, n_decimals=2)

    def number(self, value: float) -> str:
        return format_number(round(value) + 0.0, self.language)

    def change_in_percent(self, estimate: Estimate) -> str:
        value, low, high = (
            format_percent(one, self.language, is_signed=True) for one in (estimate.value, estimate.low, estimate.high)
        )
        return self.text("{value} ({low} to {high})", value=value, low=low, high=high)
