"""Why customers leave, three views side by side: what they stated, what is laid on each cause, the risk of each.

stated       of those who left and stated a cause, the share of each
attributed   of all who left, the share laid on each by what they lived through and what they stated (attributed.py)
hazard       of those there when a month began, the share that left in it for each stated cause, and for none
incidence    of those who come, the share that has left for each stated cause after so many months (Aalen-Johansen)
risks        of today's customers, the risk of each cause by the promoted hazard model; without one, the incidence

What is at stake is told by the hazard model's risks too, where it reaches as far as the churn model; otherwise by that
one's risk and the shares that are laid on each cause.

Intervals are 90 % and resample customers; they do not cover that the churn model and the risks of the
causes were learnt from the same customers.
"""

from __future__ import annotations

from core.config.data_set import Config
from insights.causes.competing_risks import CauseHazards
from insights.causes.current_risk import MoneyAtStake, Outlook, StakesBy, Today
from insights.causes.panel import Evidence
from insights.causes.risk_view import RiskView, TodaysRisks, view_of_incidence
from insights.causes.sentiment import Tone, told_tones
from insights.causes.views import INCIDENCE_MONTHS, Group, Past


class Decomposition(MoneyAtStake, frozen=True, kw_only=True):
    """Why customers leave, what it costs and what to do first."""

    data_set: str
    currency: str
    months: tuple[str, str]
    "First and last of which it is known who left."
    today: str
    horizon_days: int
    causes: tuple[str, ...]
    n_sources: dict[str, int]
    "Departures by where their stated cause was found: end, tickets, surveys, '' nowhere."
    noise_rate: float
    "Estimated share of stated causes that do not depend on the true one."
    groups: tuple[Group, ...]
    "Everybody first, then by segment, tier, plan and attribute, then by month."
    group_months: tuple[Group, ...]
    "Of every segment, tier, plan and attribute, month by month."
    risks: RiskView
    "The third view of everybody."
    tones: tuple[Tone, ...]
    "How texts sound: of everybody, by cause, month and group; empty without a text model that knows tones."
    stakes_by: StakesBy
    outlooks: tuple[Outlook, ...]
    "What today's customers of each group put at stake, and the interventions, ranked for them."
    left_out: dict[str, int]
    "Rows that stayed out of the figures, by cause."
    caution: str = ""
    "Why what the champion says of risks and causes is not to be relied on; '' where it may be."


def decompose(
    evidence: Evidence,
    config: Config,
    offer_costs: dict[str, float],
    left_out: dict[str, int],
    risks: TodaysRisks | None = None,
    caution: str = "",
) -> Decomposition:
    """Combine views, revenue at risk and interventions; `risks` come from the hazard model, if one is promoted."""
    rows, is_past, seed = evidence.rows, evidence.is_past, config.seed
    found = CauseHazards.fitted(evidence.lived.take(is_past), rows.left[is_past], evidence.witnessed[is_past])
    past = Past(evidence, found.posterior(evidence.lived, evidence.witnessed), seed)
    today, groups = Today.of(evidence, found, config, offer_costs, risks), tuple(past.groups())
    everybody, *outlooks = today.outlooks(evidence)
    return Decomposition(
        data_set=config.name,
        currency=config.currency,
        months=(str(rows.months[is_past].min()), str(rows.months[is_past].max())),
        today=str(evidence.today.astype("datetime64[D]")),
        horizon_days=evidence.horizon_days,
        causes=evidence.names.causes,
        n_sources=evidence.sources(),
        noise_rate=found.witness.noise_rate,
        groups=groups,
        group_months=tuple(past.months()),
        risks=everybody.risks or view_of_incidence(groups[0].incidence, INCIDENCE_MONTHS),
        tones=told_tones(evidence.tones, evidence.names.causes, evidence.groups_of_texts(), seed),
        stakes_by=today.stakes_by,
        outlooks=tuple(outlooks),
        left_out=left_out,
        caution=caution,
        **everybody.money(),
    )
