"""The stages of a roll-out: it advances by itself while there is no sign of harm, and stops on harm.

1 %  ->  5 %  ->  20 %  ->  100 %
  each for some days, until enough customers were contacted, or none are left at the stage; harm stops the campaign at
  any stage, on any day
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.i18n.message import write
from insights.campaigns.sequential import ALPHA, Conversions, has_fewer, has_more

STAGES = (1, 5, 20, 100)
"Per cent of the audience."
MIN_DAYS = 3
"At each stage."
MIN_CONTACTS = 100
"Customers contacted, before a stage is left."
MAX_DAYS = 7
"At a stage with fewer customers: a small audience has no more of them, so harm is looked for at the next stage."
N_GUARDS = 2
"Events that can show harm: too few conversions, too many unsubscriptions; they share alpha."


COMPLETE = "the whole audience is contacted"
EARLY = "day {day} of {days} at {stage} %"
FEW = "{n} of {needed} customers contacted, or day {day} of {days}"
NO_HARM = "no sign of harm at {stage} %"
NO_CONTACTS = "no customer was contacted by {stage} %, so harm is looked for at the next stage"
MORE_CHURN = "more customers churn than in the control group ({n} of {of}, where {share} are in the campaign)"
FEWER_CONVERT = "fewer customers convert than in the control group ({n} of {of}, where {share} are in the campaign)"
MORE_UNSUBSCRIBE = (
    "more customers unsubscribe than in the control group ({n} of {of}, where {share} are in the campaign)"
)
STAGE_SENTENCES = (COMPLETE, EARLY, FEW, NO_HARM, NO_CONTACTS, MORE_CHURN, FEWER_CONVERT, MORE_UNSUBSCRIBE)


@dataclass(frozen=True, kw_only=True)
class StageEvidence:
    """What a campaign has shown so far."""

    stage_percent: int
    days_at_stage: int
    n_contacted: int
    "In all stages."
    conversions: Conversions | None
    "None without a control group."
    unsubscriptions: Conversions | None
    "None where those of the control group are not recorded."
    stages: tuple[int, ...] = STAGES
    is_conversion_bad: bool = False
    "Whether the event is a loss, such as churn, so that more of them are harm."


@dataclass(frozen=True)
class StageDecision:
    """What happens to the campaign today."""

    action: Literal["advance", "hold", "stop", "complete"]
    stage_percent: int
    "From today on; 0 for a campaign that stops."
    reason: str


def decide_stage(evidence: StageEvidence) -> StageDecision:
    """Stop on harm, advance where the stage has lasted long enough, or hold."""
    harm = _find_harm(evidence)
    if harm:
        return StageDecision("stop", 0, harm)
    stage = evidence.stage_percent
    if stage >= evidence.stages[-1]:
        return StageDecision("complete", stage, COMPLETE)
    if evidence.days_at_stage < MIN_DAYS:
        return StageDecision("hold", stage, write(EARLY, day=evidence.days_at_stage, days=MIN_DAYS, stage=stage))
    if evidence.n_contacted < MIN_CONTACTS and evidence.days_at_stage < MAX_DAYS:
        reason = write(FEW, n=evidence.n_contacted, needed=MIN_CONTACTS, day=evidence.days_at_stage, days=MAX_DAYS)
        return StageDecision("hold", stage, reason)
    following = next(percent for percent in evidence.stages if percent > stage)
    return StageDecision("advance", following, write(NO_HARM if evidence.n_contacted else NO_CONTACTS, stage=stage))


def _find_harm(evidence: StageEvidence) -> str:
    """The harm in words; empty without any."""
    alpha, conversions, unsubscriptions = ALPHA / N_GUARDS, evidence.conversions, evidence.unsubscriptions
    if conversions is not None and evidence.is_conversion_bad and has_more(conversions, alpha=alpha):
        return _describe(MORE_CHURN, conversions)
    if conversions is not None and not evidence.is_conversion_bad and has_fewer(conversions, alpha=alpha):
        return _describe(FEWER_CONVERT, conversions)
    if unsubscriptions is not None and has_more(unsubscriptions, alpha=alpha):
        return _describe(MORE_UNSUBSCRIBE, unsubscriptions)
    return ""


def _describe(sentence: str, events: Conversions) -> str:
    return write(sentence, n=events.n_treated, of=events.n, share=f"{events.treated_share:.0%}")
