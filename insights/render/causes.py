"""A decomposition in words, English or Japanese: tables of rows, ready to print."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from core.intervals import Estimate
from insights.causes.current_risk import Outlook
from insights.causes.decomposition import Decomposition
from insights.causes.revenue_at_risk import apportioned
from insights.causes.stated import SOURCES
from insights.causes.views import UNSTATED, Group
from insights.render.cause_terms import WORDS, Language, cause_word


def headline(found: Decomposition, language: Language) -> str:
    """Who left, and how many said why."""
    everybody, (first, last) = found.groups[0], found.months
    return WORDS[language]["left"].format(
        n_left=everybody.n_left, n_customers=everybody.n_customers, n_stated=everybody.n_stated, first=first, last=last
    )


def trust(found: Decomposition, language: Language) -> str:
    """How far what ends stated is believed, or that the attributed shares had to do without."""
    name = "careless" if found.n_sources.get(SOURCES[0]) else "silent"
    return WORDS[language][name].format(share=found.noise_rate)


def views(found: Decomposition, language: Language) -> Iterator[tuple[str, ...]]:
    """The heading, then a row a cause with every view of everybody, and last those who stated nothing."""
    everybody, words = found.groups[0], WORDS[language]
    yield (*(words[name] for name in ("cause", "stated", "attributed", "hazard")), longest_risk(found, language))
    for cause in (*found.causes, UNSTATED):
        yield cause_word(cause, language), *side_by_side(everybody, found.risks.by_cause, cause)


def side_by_side(
    group: Group | None, risks: Mapping[str, list[Estimate]], cause: str, decimals: int = 1
) -> tuple[str, ...]:
    """What each view of a group says of a cause, and the longest of its risks; '-' where a view knows nothing."""
    stated, attributed, hazard = (group.stated, group.attributed, group.hazard) if group else ({}, {}, {})
    return (
        *(share(view.get(cause, Estimate()), decimals) for view in (stated, attributed)),
        share(hazard.get(cause, Estimate()), decimals + 1),
        share(risks.get(cause, [Estimate()])[-1], decimals),
    )


def longest_risk(found: Decomposition, language: Language) -> str:
    """What the last column of the views is called: it is told for the longest time."""
    if found.risks.source == "incidence":
        return WORDS[language]["incidence"]
    return WORDS[language]["risk"].format(months=found.risks.months[-1])


def basis(found: Decomposition, language: Language) -> Iterator[str]:
    """What the risks by cause and the stakes rest on: a hazard model or what happened until now."""
    words, risks = WORDS[language], found.risks
    whole = share(risks.whole[-1])
    yield words[f"by {risks.source}"].format(model=risks.model, whole=whole, months=risks.months[-1])
    yield words[f"stakes by {found.stakes_by}"]


def stakes(found: Decomposition, language: Language) -> Iterator[tuple[str, ...]]:
    """The heading, then a row a cause, whose whole amounts add up to the whole."""
    words = WORDS[language]
    yield tuple(words[name] for name in ("cause", "mrr", "customers"))
    amounts = stakes_in_words(found)
    yield from ((cause_word(one.cause, language), amounts[one.cause], f"{one.customers:,.1f}") for one in found.stakes)


def stakes_in_words(found: Decomposition | Outlook) -> dict[str, str]:
    """By cause the MRR at stake, with its interval."""
    amounts = zip(found.stakes, whole_stakes(found), strict=True)
    return {one.cause: f"{amount:,} [{one.mrr.low:,.0f}, {one.mrr.high:,.0f}]" for one, amount in amounts}


def whole_stakes(found: Decomposition | Outlook) -> list[int]:
    """The MRR at stake by cause in whole amounts that add up to the whole."""
    whole = 0 if math.isnan(found.mrr_at_stake.value) else round(found.mrr_at_stake.value)
    return apportioned(whole, [stake.mrr.value for stake in found.stakes])


def stakes_title(found: Decomposition, language: Language, of: Outlook | None = None) -> str:
    """How much of today's MRR is at stake, of everybody or of one group."""
    whole = of or found
    return WORDS[language]["stakes"].format(
        days=found.horizon_days, mrr=f"{sum(whole_stakes(whole)):,}", whole=f"{whole.mrr:,.0f}", currency=found.currency
    )


def interventions(found: Decomposition, language: Language) -> Iterator[tuple[str, ...]]:
    """The heading, then a row an intervention, most expected money first."""
    words = WORDS[language]
    yield tuple(words[name] for name in ("intervention", "against", "money", "pays for"))
    for one in found.interventions:
        yield one.name, cause_word(one.cause, language), money(one.money), f"{one.n_customers:,}"


def tones(found: Decomposition, language: Language, by_month: bool) -> Iterator[tuple[str, ...]]:
    """The heading, then how texts sound: of everybody, of each cause, and of each month where it is asked for."""
    words = WORDS[language]
    yield tuple(words[name] for name in ("group", "texts", "tone"))
    for one in found.tones:
        if one.by in ("all", "cause") or (by_month and one.by == "month"):
            called = {"all": words["everybody"], "cause": cause_word(one.value, language)}.get(one.by, one.value)
            yield called, f"{one.n_texts:,}", tone(one.tone)


def tone(estimate: Estimate) -> str:
    """A tone with its interval; '-' where nothing is known."""
    if math.isnan(estimate.value):
        return "-"
    return f"{estimate.value:+.2f} [{estimate.low:+.2f}, {estimate.high:+.2f}]"


def money(estimate: Estimate) -> str:
    """An amount with its interval."""
    return f"{estimate.value:,.0f} [{estimate.low:,.0f}, {estimate.high:,.0f}]"


def share(estimate: Estimate, decimals: int = 1) -> str:
    """A share with its interval as percentages; '-' where nothing is known."""
    if math.isnan(estimate.value):
        return "-"
    value, low, high = (f"{100 * one:.{decimals}f}" for one in (estimate.value, estimate.low, estimate.high))
    return f"{value} % [{low}, {high}]"
