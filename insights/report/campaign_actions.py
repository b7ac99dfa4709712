"""What follows from the evidence of a campaign: wait, stop, advance, repeat, with whom, or with more customers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from statistics import NormalDist

from core.config.campaigns import Kpi
from core.intervals import HALF_WIDTH, TAILS, Estimate
from insights.campaigns.planning import count_customers, scale_detectable
from insights.campaigns.sequential import ALPHA, Conversions, has_fewer, has_more
from insights.campaigns.staging import N_GUARDS

WHOLE_AUDIENCE = 100


class NextAction(StrEnum):
    """What to do with a campaign, in the order in which reasons are looked for."""

    ADD_CONTROL_GROUP = "add_control_group"
    "No customer was left out by chance: the effect is unknown."
    RECORD_RESPONSES = "record_responses"
    "Nothing is on record that customers of the control group can do as well."
    STOP_HARM = "stop_harm"
    WAIT = "wait"
    "The days to respond are not over, and nothing is shown yet."
    STOP_COST = "stop_cost"
    "Even the upper bound of the additional margin is below the cost."
    ADVANCE = "advance"
    "It works and pays; the roll-out has not reached the whole audience."
    REPEAT = "repeat"
    REPEAT_CHEAPER = "repeat_cheaper"
    "It works, and whether it pays is open."
    ENLARGE = "enlarge"
    "An effect that this size cannot show may be there."
    CHANGE = "change"
    "No sign of an effect."


NEGLIGIBLE = 0.15
"Share of the half-width of its interval below which an effect is none: it takes a hundred times as many customers."


@dataclass(frozen=True, kw_only=True)
class CampaignEvidence:
    """What the choice of the next action rests on."""

    kpi: Kpi
    effect: Estimate
    "On the KPI of a customer."
    n_customers: int
    "Whose KPI is known."
    n_campaigns: int
    "That are reviewed together: the more, the more of them seem to work by chance."
    net_value: Estimate
    e_value: float
    has_control: bool
    can_compare: bool
    stage: int
    "Per cent of the audience that the roll-out has reached."
    control_rate: float
    "Mean KPI of the control group."
    control_share: float
    is_over: bool
    "Whether the days to respond are over for all customers."
    over_on: date
    conversions: Conversions | None
    "Customers who act or, for `stayed`, who have churned."
    unsubscriptions: Conversions | None


@dataclass(frozen=True, kw_only=True)
class CampaignAction:
    """The next action, and what its sentence names."""

    action: NextAction
    over_on: date | None = None
    "For WAIT."
    n_customers: int | None = None
    "For ENLARGE: campaign and control group of a size that shows an effect like this one."
    groups: tuple[tuple[str, str], ...] = ()
    "Grouping and group on which it works better than on others."


def choose_action(evidence: CampaignEvidence, *, groups: tuple[tuple[str, str], ...] = ()) -> CampaignAction:
    """The next action by the evidence."""
    if not evidence.has_control:
        return CampaignAction(action=NextAction.ADD_CONTROL_GROUP)
    if not evidence.can_compare:
        return CampaignAction(action=NextAction.RECORD_RESPONSES)
    if _does_harm(evidence):
        return CampaignAction(action=NextAction.STOP_HARM)
    # An interval is right when it is read once, at the end. Until then, the e-value decides.
    is_shown = evidence.e_value >= 1 / ALPHA or (evidence.is_over and _excludes_zero(evidence))
    if not is_shown and not evidence.is_over:
        return CampaignAction(action=NextAction.WAIT, over_on=evidence.over_on)
    if evidence.net_value.high < 0:
        return CampaignAction(action=NextAction.STOP_COST)
    if is_shown and evidence.effect.value > 0:
        return CampaignAction(action=_continue(evidence), groups=groups)
    if is_shown:
        return CampaignAction(action=NextAction.STOP_HARM)
    return _look_again(evidence)


def _excludes_zero(evidence: CampaignEvidence) -> bool:
    effect, factor = evidence.effect, widen(evidence.n_campaigns)
    below, above = factor * (effect.value - effect.low), factor * (effect.high - effect.value)
    return Estimate(effect.value, effect.value - below, effect.value + above).excludes(0)


def widen(n_comparisons: int) -> float:
    """The factor on the half-width of an interval that holds for this many comparisons at once (Bonferroni)."""
    return NormalDist().inv_cdf(1 - TAILS[0] / max(1, n_comparisons)) / HALF_WIDTH


def _does_harm(evidence: CampaignEvidence) -> bool:
    """Fewer customers act, more churn or more unsubscribe than in the control group; holds on any day."""
    alpha, is_worse = ALPHA / N_GUARDS, has_more if evidence.kpi == "stayed" else has_fewer
    harms = evidence.conversions is not None and is_worse(evidence.conversions, alpha=alpha)
    return harms or (evidence.unsubscriptions is not None and has_more(evidence.unsubscriptions, alpha=alpha))


def _continue(evidence: CampaignEvidence) -> NextAction:
    if evidence.net_value.low <= 0:
        return NextAction.REPEAT_CHEAPER
    return NextAction.ADVANCE if evidence.stage < WHOLE_AUDIENCE else NextAction.REPEAT


def _look_again(evidence: CampaignEvidence) -> CampaignAction:
    effect, rate = evidence.effect.value, evidence.control_rate
    if not effect > NEGLIGIBLE * (evidence.effect.high - evidence.effect.low) / 2:
        return CampaignAction(action=NextAction.CHANGE)
    if evidence.kpi == "amount":
        return CampaignAction(action=NextAction.ENLARGE, n_customers=_count_for_amount(evidence))
    if not 0 < rate + effect < 1:
        return CampaignAction(action=NextAction.CHANGE)
    n_customers = math.ceil(count_customers(rate, effect, control_share=evidence.control_share))
    return CampaignAction(action=NextAction.ENLARGE, n_customers=n_customers)


def _count_for_amount(evidence: CampaignEvidence) -> int:
    """The customers whose interval is so narrow that it shows the effect: by the square of its width."""
    effect = evidence.effect
    now = scale_detectable(effect, n_known=evidence.n_customers, n_customers=evidence.n_customers)
    return math.ceil(evidence.n_customers * (now / effect.value) ** 2)
