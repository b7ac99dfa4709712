"""Running campaigns go on by themselves: to a larger stage, to their end, or to a stop on harm.

today's figures -> harm -> stopped
                   ends_on, max_days, max_contacts, budget, effect shown -> finished
                   the stage has lasted long enough -> the next stage
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from core.campaigns import CampaignEvent, CampaignState, state_of
from core.config.campaigns import Campaign
from core.i18n.message import write
from insights.campaigns.measuring import CampaignMeasures, DailyTest
from insights.campaigns.sequential import Conversions
from insights.campaigns.staging import STAGE_SENTENCES, StageDecision, StageEvidence, decide_stage

ENDED = "it ended on {day}"
DAYS_OVER = "max_days = {days} are over"
ENOUGH_CONTACTS = "{n} contacts reach max_contacts = {limit}"
SPENT = "its contacts have cost {cost} of {budget}"
SHOWN = "the test that may be read every day shows an effect"
REASONS = (ENDED, DAYS_OVER, ENOUGH_CONTACTS, SPENT, SHOWN, *STAGE_SENTENCES)
"Why campaigns go on, finish or stop by themselves."
BY_ITSELF = "kizuna"
"Who has changed a campaign that goes on by itself."


@dataclass(frozen=True, kw_only=True)
class RunningCampaign:
    """A campaign with its events so far, oldest first, and its figures of today."""

    campaign: Campaign
    events: Sequence[CampaignEvent]
    measures: CampaignMeasures
    treated_share: float
    "Of its customers, by design; 1 without a control group."


def advance_campaigns(
    campaigns: Mapping[str, RunningCampaign], *, now: datetime, zone: ZoneInfo
) -> list[CampaignEvent]:
    """The events of today: at most one for each running campaign. `now` has an offset; the caller stores them."""
    events = list[CampaignEvent]()
    for name, running in campaigns.items():
        if state_of(running.events) != CampaignState.RUNNING:
            continue
        state, stage = choose_next(running, now=now, zone=zone)
        if stage.action in ("advance", "stop") or state == CampaignState.FINISHED:
            events.append(
                CampaignEvent(
                    campaign_id=name, state=state, stage_percent=stage.stage_percent, at=now, who=BY_ITSELF,
                    why=stage.reason,
                )
            )  # fmt: skip
    return events


def choose_next(running: RunningCampaign, *, now: datetime, zone: ZoneInfo) -> tuple[CampaignState, StageDecision]:
    """The state and the stage from today on, with the reason; for a running campaign."""
    stage = decide_stage(_collect_evidence(running, now=now))
    if stage.action == "stop":
        return CampaignState.STOPPED, stage
    end = _find_end(running, now=now, zone=zone)
    if end:
        return CampaignState.FINISHED, StageDecision("complete", running.events[-1].stage_percent, end)
    return CampaignState.RUNNING, stage


def _find_end(running: RunningCampaign, *, now: datetime, zone: ZoneInfo) -> str:
    """Why the campaign is finished; '' if it goes on."""
    campaign, measures = running.campaign, running.measures
    today, n_days = now.astimezone(zone).date(), (now - running.events[0].at).days
    test = measures.conversions
    ends = {
        write(ENDED, day=str(campaign.ends_on)): campaign.ends_on is not None and today > campaign.ends_on,
        write(DAYS_OVER, days=str(campaign.max_days)): campaign.max_days is not None and n_days >= campaign.max_days,
        write(ENOUGH_CONTACTS, n=measures.n_contacts, limit=str(campaign.max_contacts)): (
            campaign.max_contacts is not None and measures.n_contacts >= campaign.max_contacts
        ),
        write(SPENT, cost=round(measures.cost), budget=round(campaign.budget or 0)): (
            campaign.budget is not None and measures.cost >= campaign.budget
        ),
        SHOWN: (campaign.stop_when_shown and test is not None and test.is_shown),
    }
    return next((reason for reason, holds in ends.items() if holds), "")


def _collect_evidence(running: RunningCampaign, *, now: datetime) -> StageEvidence:
    measures, share = running.measures, running.treated_share
    latest = running.events[-1]  # It brought the campaign to its stage, or back to it after a stop.
    return StageEvidence(
        stage_percent=latest.stage_percent,
        days_at_stage=(now - latest.at).days,
        n_contacted=measures.n_treated,
        conversions=_count(measures.conversions, share),
        unsubscriptions=_count(measures.unsubscriptions, share),
        stages=running.campaign.stages,
        is_conversion_bad=running.campaign.kpi == "stayed",
    )


def _count(test: DailyTest | None, treated_share: float) -> Conversions | None:
    return None if test is None else Conversions(test.n_treated, test.n_control, treated_share)
