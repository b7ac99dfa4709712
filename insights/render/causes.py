"""A decomposition of churn by cause as text and tables of text, ready to print."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import date

from core.i18n.formatting import format_amount, format_date, format_number, format_percent
from core.i18n.translation import ENGLISH, Language, has_translation, translate
from core.intervals import Estimate
from core.model_card import Caution
from insights.causes.current_risk import GroupRisk
from insights.causes.decomposition import Decomposition
from insights.causes.revenue_at_risk import apportion
from insights.causes.stated import SOURCES
from insights.causes.views import UNSTATED, CauseViews

RISK_SOURCES = {
    "hazard model": "Risk by cause: forecast for today's customers by the hazard model {model}; "
    "{whole} churn within {months} months.",
    "incidence": "Risk by cause: how new customers churned in the past, because no cause-specific hazard model is "
    "promoted (kizuna train hazard, kizuna promote hazard).",
}
REVENUE_SOURCES = {
    "hazard model": "MRR at risk uses the hazard model's risks.",
    "attributed": "MRR at risk uses the churn model's risk and the attributed causes.",
}
QUOTES_SHOWN = 5
"Per cause; the JSON has more."
VIEWS = ("cause", "stated", "attributed", "monthly churn by cause")


def cause_name(cause: str, language: Language) -> str:
    """The name of a cause: translated where it is one of ours, unchanged where the TOML names it."""
    key = f"cause.{cause}"
    return translate(key, language) if has_translation(key, language) else cause


def headline(decomposition: Decomposition, language: Language) -> str:
    """How many customers churned, and how many of them stated a cause."""
    whole, (first, last) = decomposition.groups[0], decomposition.months
    return translate(
        "{n_left} of {n_customers} customers churned from {first} to {last}; {n_stated} stated a cause",
        language,
        n_left=whole.n_churned,
        n_customers=whole.n_customers,
        n_stated=whole.n_stated,
        first=first,
        last=last,
    )


def caution(caution: Caution, language: Language) -> str:
    """Why not to rely on the figures; in English with the comparison that shows it."""
    why = caution.reason if language == ENGLISH else translate(caution.message, language, **caution.values)
    return translate("Do not rely on these figures: {why}.", language, why=why)


def trust(decomposition: Decomposition, language: Language) -> str:
    """How far the stated causes can be relied on, or that there are none."""
    if decomposition.n_sources.get(SOURCES[0]):
        share = format_percent(decomposition.noise_rate, language)
        return translate(
            "About {share} of the stated causes are estimated to be unrelated to the real one.", language, share=share
        )
    return translate(
        "No churned customer stated a cause: attributed shares rest on features alone and may be far from the truth.",
        language,
    )


def views(decomposition: Decomposition, language: Language) -> Iterator[tuple[str, ...]]:
    """The heading, then a row per cause with every view of all customers; customers without a stated cause last."""
    whole = decomposition.groups[0]
    yield (*(translate(view, language) for view in VIEWS), longest_risk(decomposition, language))
    for cause in (*decomposition.causes, UNSTATED):
        cells = view_cells(whole, decomposition.risks.by_cause, cause=cause, language=language)
        yield cause_name(cause, language), *cells


def view_cells(
    group: CauseViews | None,
    risks: Mapping[str, list[Estimate]],
    *,
    cause: str,
    language: Language,
    n_decimals: int = 1,
) -> tuple[str, ...]:
    """A cause in each view of a group, and the longest of its risks; '-' where a view has no value."""
    by_view = (group.stated_shares, group.attributed_shares, group.hazard) if group else ({}, {}, {})
    *shares_of_churn, monthly_churn = by_view
    return (
        *(share(view.get(cause, Estimate()), language, n_decimals=n_decimals) for view in shares_of_churn),
        share(monthly_churn.get(cause, Estimate()), language, n_decimals=n_decimals + 1),
        share(risks.get(cause, [Estimate()])[-1], language, n_decimals=n_decimals),
    )


def longest_risk(decomposition: Decomposition, language: Language) -> str:
    """The heading of the risk column, which shows the longest period."""
    if decomposition.risks.source == "incidence":
        return translate("of new customers, churned within a year", language)
    return translate("churn risk within {months} months", language, months=decomposition.risks.months[-1])


def basis(decomposition: Decomposition, language: Language) -> Iterator[str]:
    """Where the risks by cause and the revenue at risk come from: a hazard model or past churn."""
    risks = decomposition.risks
    values = {"model": risks.model, "whole": share(risks.whole[-1], language), "months": risks.months[-1]}
    yield translate(RISK_SOURCES[risks.source], language, **values)
    yield translate(REVENUE_SOURCES[decomposition.risk_source], language)


def mrr_at_risk_by_cause(decomposition: Decomposition, language: Language) -> Iterator[tuple[str, ...]]:
    """The heading, then a row per cause; the amounts add up to the total."""
    headings = ("cause", "MRR at risk", "expected churned customers")
    yield tuple(translate(heading, language) for heading in headings)
    amounts = amounts_at_risk(decomposition, decomposition.currency, language=language)
    for one in decomposition.mrr_at_risk_by_cause:
        customers = format_number(one.customers, language, n_decimals=1)
        yield cause_name(one.cause, language), amounts[one.cause], customers


def amounts_at_risk(risk: Decomposition | GroupRisk, currency: str, *, language: Language) -> dict[str, str]:
    """MRR at risk by cause, with its interval."""
    amounts = zip(risk.mrr_at_risk_by_cause, round_amounts(risk), strict=True)
    return {one.cause: _with_interval(amount, one.mrr, language=language, currency=currency) for one, amount in amounts}


def round_amounts(risk: Decomposition | GroupRisk) -> list[int]:
    """MRR at risk by cause in whole amounts that add up to the rounded total."""
    total = 0 if math.isnan(risk.mrr_at_risk.value) else round(risk.mrr_at_risk.value)
    return apportion(total, [cause_risk.mrr.value for cause_risk in risk.mrr_at_risk_by_cause])


def risk_title(decomposition: Decomposition, language: Language, *, group: GroupRisk | None = None) -> str:
    """How much of today's MRR is at risk, of all customers or of one group."""
    risk = group or decomposition
    return translate(
        "MRR at risk within {days} days: {mrr} of {whole} per month",
        language,
        days=decomposition.horizon_days,
        mrr=_whole_amount(sum(round_amounts(risk)), decomposition.currency, language=language),
        whole=_whole_amount(risk.mrr, decomposition.currency, language=language),
    )


def interventions(decomposition: Decomposition, language: Language) -> Iterator[tuple[str, ...]]:
    """The heading, then a row per intervention, highest expected profit first."""
    headings = ("intervention", "churn cause", "expected profit", "profitable customers")
    yield tuple(translate(heading, language) for heading in headings)
    for one in decomposition.interventions:
        profit = money(one.gain, decomposition.currency, language=language)
        customers = format_number(one.n_customers, language)
        yield one.name, cause_name(one.cause, language), profit, customers


def sentiments(decomposition: Decomposition, language: Language, *, by_month: bool) -> Iterator[tuple[str, ...]]:
    """The heading, then the sentiment of all texts, of the texts about each cause, and optionally of each month."""
    yield tuple(translate(heading, language) for heading in ("group", "texts", "sentiment"))
    for one in decomposition.sentiments:
        if one.by in ("all", "cause") or (by_month and one.by == "month"):
            names = {"all": translate("all customers", language), "cause": cause_name(one.value, language)}
            yield names.get(one.by, one.value), format_number(one.n_texts, language), sentiment(one.sentiment, language)


def sentiment(estimate: Estimate, language: Language) -> str:
    """A sentiment with its interval; '-' without one."""
    if math.isnan(estimate.value):
        return "-"
    value, low, high = (
        format_number(one, language, n_decimals=2, is_signed=True)
        for one in (estimate.value, estimate.low, estimate.high)
    )
    return f"{value} [{low}, {high}]"


def money(estimate: Estimate, currency: str, *, language: Language) -> str:
    """An amount with its interval."""
    return _with_interval(estimate.value, estimate, language=language, currency=currency)


def _with_interval(amount: float, estimate: Estimate, *, language: Language, currency: str) -> str:
    amounts = (amount, estimate.low, estimate.high)
    value, low, high = (_whole_amount(one, currency, language=language) for one in amounts)
    return f"{value} [{low}, {high}]"


def _whole_amount(amount: float, currency: str, *, language: Language) -> str:
    return format_amount(amount, currency, locale=language, n_decimals=0)


def share(estimate: Estimate, language: Language, *, n_decimals: int = 1) -> str:
    """A share as a percentage with its interval; '-' without one."""
    if math.isnan(estimate.value):
        return "-"
    low, high = (format_number(100 * one, language, n_decimals=n_decimals) for one in (estimate.low, estimate.high))
    return f"{format_percent(estimate.value, language, n_decimals=n_decimals)} [{low}, {high}]"


def quotes(decomposition: Decomposition, language: Language) -> Iterator[tuple[str, ...]]:
    """The most frequent and newest texts of each cause, with how many customers wrote them and then churned."""
    yield tuple(translate(word, language) for word in ("cause", "texts", "churned", "newest", "text"))
    for cause in decomposition.causes:
        of_cause = [quote for quote in decomposition.quotes if quote.cause == cause]
        for quote in of_cause[:QUOTES_SHOWN]:
            numbers = (format_number(n, language) for n in (quote.n_texts, quote.n_churned))
            day = format_date(date.fromisoformat(quote.day), language)
            yield (cause_name(cause, language), *numbers, day, quote.text)
