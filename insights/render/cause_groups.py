"""The groups of a decomposition as text: an overview, then each group, then each month with enough churn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.i18n.formatting import format_number
from core.i18n.translation import Language, has_translation, translate
from core.intervals import Estimate
from insights.causes.current_risk import GroupRisk
from insights.causes.decomposition import Decomposition
from insights.causes.views import MIN_CHURNED, UNSTATED, CauseViews
from insights.render.causes import (
    VIEWS,
    amounts_at_risk,
    cause_name,
    longest_risk,
    money,
    risk_title,
    sentiment,
    share,
    view_cells,
)

MAX_INTERVENTIONS = 3
"Named for one group."


def groups(decomposition: Decomposition, language: Language) -> Iterator[tuple[str, ...]]:
    """The heading, then a row per group: how many churned, and the share attributed to each cause."""
    yield translate("group", language), translate("churned", language), *_cause_names(decomposition, language)
    for group in decomposition.groups:
        if not group.too_few:
            shares = (share(group.attributed_shares[cause], language) for cause in decomposition.causes)
            yield (
                group_name(group.by, group.value, language=language),
                format_number(group.n_churned, language),
                *shares,
            )


def group_name(by: str, value: str, *, language: Language) -> str:
    """The name of a group, such as 'plan: basic'."""
    if by == "all":
        return translate("all customers", language)
    key = f"grouping.{by}"
    grouping = translate(key, language) if has_translation(key, language) else by
    return translate("{grouping}: {group}", language, grouping=grouping, group=value or translate("none", language))


@dataclass(frozen=True)
class Portrait:
    """One group: its past churn and its customers today. One of the two may be missing."""

    by: str
    value: str
    past: CauseViews | None
    today: GroupRisk | None

    def title(self, decomposition: Decomposition, language: Language) -> str:
        """How many churned, how many customers there are, and how much MRR is at risk."""
        past, today = self.past, self.today
        parts = [group_name(self.by, self.value, language=language)]
        if past:
            message = "{n_left} of {n_customers} customers churned"
            parts.append(translate(message, language, n_left=past.n_churned, n_customers=past.n_customers))
        if today:
            parts.append(translate("{n_customers} customers today", language, n_customers=today.n_customers))
            parts.append(risk_title(decomposition, language, group=today))
        else:
            parts.append(translate("no customers today", language))
        return " | ".join(parts)

    def views(self, decomposition: Decomposition, language: Language) -> Iterator[tuple[str, ...]]:
        """The heading, then a row per cause with every view and the MRR at risk.

        Percentages are whole numbers, because groups are small.
        """
        headings = (translate(view, language) for view in VIEWS)
        yield *headings, longest_risk(decomposition, language), translate("MRR at risk", language)
        amounts = amounts_at_risk(self.today, decomposition.currency, language=language) if self.today else {}
        for cause in (*decomposition.causes, UNSTATED):
            cells = view_cells(self.past, self._risks(), cause=cause, language=language, n_decimals=0)
            yield cause_name(cause, language), *cells, amounts.get(cause, "-")

    def _risks(self) -> dict[str, list[Estimate]]:
        """The hazard model's risks of today's customers, else past churn rates."""
        if self.today and self.today.risks:
            return self.today.risks.by_cause
        return self.past.incidence if self.past else {}

    def best_interventions(self, decomposition: Decomposition, language: Language) -> str:
        """The most profitable interventions, or that none is; '' where none are configured."""
        if not (self.today and self.today.interventions):
            return ""
        profitable = [one for one in self.today.interventions if one.gain.value > 0][:MAX_INTERVENTIONS]
        if not profitable:
            return translate("No configured intervention is profitable for this group.", language)
        names = (
            f"{one.name} ({cause_name(one.cause, language)}) "
            f"{money(one.gain, decomposition.currency, language=language)}"
            for one in profitable
        )
        return translate("Do first: {interventions}.", language, interventions=translate("; ", language).join(names))


def portraits(decomposition: Decomposition) -> Iterator[Portrait]:
    """Every group with past or present customers once: segments, tiers, plans, then attributes."""
    past = {
        (one.by, one.value): one for one in decomposition.groups if one.by not in ("all", "month") and one.n_customers
    }
    today = {(one.by, one.value): one for one in decomposition.group_risks}
    kinds = list(dict.fromkeys(by for by, _ in (*past, *today)))
    for by, value in sorted(dict.fromkeys((*past, *today)), key=lambda key: kinds.index(key[0])):
        yield Portrait(by, value, past.get((by, value)), today.get((by, value)))


def months_title(language: Language) -> str:
    """The title of the table of months."""
    return translate("By group and month, where at least {least} customers churned", language, least=MIN_CHURNED)


def months(decomposition: Decomposition, language: Language) -> Iterator[tuple[str, ...]]:
    """The heading, then a row per view for each month of a group with enough churn."""
    headings = (translate(heading, language) for heading in ("group", "month", "churned", "view"))
    yield *headings, *_cause_names(decomposition, language)
    for group in (one for one in decomposition.group_months if not one.too_few):
        shares_by_view = zip(VIEWS[1:], (group.stated_shares, group.attributed_shares, group.hazard), strict=True)
        for view, shares in shares_by_view:
            n_decimals = 1 if shares is group.hazard else 0
            cells = (share(shares[cause], language, n_decimals=n_decimals) for cause in decomposition.causes)
            name, n_churned = (
                group_name(group.by, group.value, language=language),
                format_number(group.n_churned, language),
            )
            yield name, group.month, n_churned, translate(view, language), *cells


def too_few(decomposition: Decomposition, language: Language) -> Iterator[str]:
    """Which groups, and how many of their months, have too little churn to show causes."""
    few = [
        f"{group_name(one.by, one.value, language=language)} ({one.n_churned})"
        for one in decomposition.groups
        if one.too_few
    ]
    if few:
        yield translate(
            "Fewer than {least} churned customers, too few to name causes: {groups}.",
            language,
            least=MIN_CHURNED,
            groups=translate(", ", language).join(few),
        )
    n_months = sum(one.too_few for one in decomposition.group_months)
    if n_months:
        yield translate(
            "Months of groups with fewer than {least} churned customers, counted only in the JSON file: {n}.",
            language,
            least=MIN_CHURNED,
            n=n_months,
        )


def sentiments(decomposition: Decomposition, language: Language) -> Iterator[tuple[str, ...]]:
    """The heading, then a row per group: the sentiment of all its texts, and of those about each cause."""
    headings = (translate(heading, language) for heading in ("group", "texts", "all"))
    yield *headings, *_cause_names(decomposition, language)
    sentiments = {(one.by, one.value, one.cause): one for one in decomposition.sentiments}
    groups = dict.fromkeys((by, value) for by, value, _ in sentiments if by not in ("all", "cause", "month"))
    for by, value in groups:
        by_cause = (sentiments.get((by, value, cause)) for cause in ("", *decomposition.causes))
        cells = (sentiment(one.sentiment if one else Estimate(), language) for one in by_cause)
        yield (
            group_name(by, value, language=language),
            format_number(sentiments[by, value, ""].n_texts, language),
            *cells,
        )


def _cause_names(decomposition: Decomposition, language: Language) -> list[str]:
    return [cause_name(cause, language) for cause in decomposition.causes]
