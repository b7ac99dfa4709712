"""The progress of a campaign, as a list of events that is only added to.

      planned ---> running ---> finished
                   |  ^ '-> a larger stage
             stop  v  | start
                   stopped

A campaign is planned as long as it has no event. A finished one stays so; a new one needs another name.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from core.errors import WrongTransition
from core.ids import Id

Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]


class CampaignState(StrEnum):
    """The progress of a campaign."""

    PLANNED = "planned"
    RUNNING = "running"
    STOPPED = "stopped"
    FINISHED = "finished"


class CampaignEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a campaign: it started, went on to a larger stage, was stopped, or is finished."""

    campaign_id: Id
    state: CampaignState
    "From this event on; a running campaign that goes on to a larger stage keeps its state."
    stage_percent: Percent
    "The share of the audience that may be contacted from this event on."
    at: datetime
    "UTC."
    who: str
    why: str


def state_of(events: Sequence[CampaignEvent]) -> CampaignState:
    """The state after some events, oldest first."""
    return events[-1].state if events else CampaignState.PLANNED


def require_transition(events: Sequence[CampaignEvent], new: CampaignEvent) -> None:
    """Raise WrongTransition where an event cannot follow the earlier ones, oldest first; see the diagram above."""
    state = state_of(events)
    last = events[-1] if events else None
    is_larger_stage = last is not None and new.stage_percent > last.stage_percent
    allowed = {
        CampaignState.PLANNED: new.state == CampaignState.RUNNING,
        CampaignState.RUNNING: new.state != CampaignState.RUNNING or is_larger_stage,
        CampaignState.STOPPED: new.state == CampaignState.RUNNING,
        CampaignState.FINISHED: False,
    }
    if not allowed[state]:
        raise WrongTransition(f"campaign '{new.campaign_id}' {_explain(last, new)}; nothing was changed")


def _explain(last: CampaignEvent | None, new: CampaignEvent) -> str:
    if last is None:
        return "was never started, so it cannot be stopped; `kizuna campaign start` starts it"
    since = f"since {last.at:%Y-%m-%d %H:%M} UTC, by {last.who}" + (f": {last.why}" if last.why else "")
    if last.state == CampaignState.RUNNING:
        return f"is running at {last.stage_percent} % {since}"
    if last.state == CampaignState.FINISHED:
        return f"is finished {since}; a new one needs another name"
    return f"is {last.state} {since}"
