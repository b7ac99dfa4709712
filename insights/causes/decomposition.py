"""Decomposes churn by cause in three views, and adds revenue at risk and interventions.

stated       churned customers who stated a cause: the share of each
attributed   all churned customers: the share attributed to each cause, from features and stated causes
hazard       customers at the start of a month: the share that churned in it for each stated cause, and for none
incidence    new customers: the share that has churned for each stated cause after some months (Aalen-Johansen)
risks        today's customers: the risk of each cause by the promoted hazard model; without one, the incidence

Revenue at risk uses the hazard model if it reaches the churn model's horizon, else the churn model and the attributed
shares. Intervals are 90 % and resample customers. Those of attributed shares cover that the hazards would be fitted on
other customers, too; those of revenue at risk do not, and none covers the fit of the churn model.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.config.data_set import Config
from core.model_card import Caution
from insights.causes.competing_risks import CauseHazards
from insights.causes.current_risk import (
    CurrentCustomers,
    CurrentRisk,
    GroupRisk,
    HazardRisks,
    RiskSource,
    RiskView,
    incidence_view,
)
from insights.causes.panel import Panel
from insights.causes.quotes import Quote
from insights.causes.resampled_fits import resample_shares
from insights.causes.sentiment import Sentiment, summarize_sentiment
from insights.causes.views import INCIDENCE_MONTHS, CauseViews, PastMonths


class Decomposition(CurrentRisk, frozen=True, kw_only=True):
    """Churn causes, their cost, and what to do first."""

    data_set: str
    currency: str
    months: tuple[str, str]
    "First and last month with known churn."
    today: str
    horizon_days: int
    causes: tuple[str, ...]
    n_sources: dict[str, int]
    "Churned customers by the source of their stated cause: end, tickets, surveys, '' for none."
    noise_rate: float
    "Estimated share of stated causes that do not depend on the true one."
    groups: tuple[CauseViews, ...]
    "All customers, then each segment, tier, plan and attribute value, then each month."
    group_months: tuple[CauseViews, ...]
    "Each segment, tier, plan and attribute value by month."
    risks: RiskView
    "The third view of all customers."
    sentiments: tuple[Sentiment, ...]
    "Overall, by cause, month and group; empty without a text model that knows sentiment."
    risk_source: RiskSource
    group_risks: tuple[GroupRisk, ...]
    "Revenue at risk and ranked interventions of today's customers by group."
    excluded_rows: dict[str, int]
    "Number of rows excluded from the figures, by problem."
    quotes: tuple[Quote, ...] = ()
    "What customers wrote, by cause; only where asked for."
    caution: Caution | None = None
    "Why the champion's risks and causes are not reliable; None if they are."
    other_churn: str = ""
    "That the champion predicts another churn than `[churn]` defines; '' if it does not."


def decompose(
    panel: Panel,
    config: Config,
    *,
    offer_costs: Mapping[str, float],
    excluded_rows: dict[str, int],
    risks: HazardRisks | None = None,
    quotes: tuple[Quote, ...] = (),
    caution: Caution | None = None,
    other_churn: str = "",
) -> Decomposition:
    """Combine views, revenue at risk and interventions; `risks` come from the hazard model, if one is promoted."""
    rows, is_past, seed = panel.rows, panel.is_past, config.seed
    covariates, churned, stated_causes = (
        panel.covariates.take(is_past),
        rows.churned[is_past],
        panel.stated_by_end[is_past],
    )
    hazards = CauseHazards.fit(covariates, churned, stated_causes=stated_causes)
    resampled = resample_shares(
        hazards,
        covariates,
        churned=churned,
        stated_causes=stated_causes,
        customer_ids=rows.customer_ids[is_past],
        seed=seed,
    )
    past = PastMonths(panel, hazards.posterior(panel.covariates, panel.stated_by_end), resampled, seed)
    current = CurrentCustomers.of(panel, hazards, config=config, offer_costs=offer_costs, risks=risks)
    groups = tuple(past.groups())
    overall, *group_risks = current.group_risks(panel)
    return Decomposition(
        data_set=config.name,
        currency=config.currency,
        months=(str(rows.months[is_past].min()), str(rows.months[is_past].max())),
        today=str(panel.today.astype("datetime64[D]")),
        horizon_days=panel.horizon_days,
        causes=panel.names.causes,
        n_sources=panel.sources(),
        noise_rate=hazards.stated_cause_model.noise_rate,
        groups=groups,
        group_months=tuple(past.months()),
        risks=overall.risks or incidence_view(groups[0].incidence, INCIDENCE_MONTHS),
        sentiments=summarize_sentiment(panel.sentiments, panel.names.causes, groups=panel.groups_of_texts(), seed=seed),
        risk_source=current.risk_source,
        group_risks=tuple(group_risks),
        excluded_rows=excluded_rows,
        quotes=quotes,
        caution=caution,
        other_churn=other_churn,
        **overall.fields(),
    )
