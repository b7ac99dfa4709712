"""The groups of a decomposition in words: all of them at a glance, then one by one, then month by month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.intervals import Estimate
from insights.causes.current_risk import Outlook
from insights.causes.decomposition import Decomposition
from insights.causes.views import LEAST_LEFT, UNSTATED, Group
from insights.render.cause_terms import WORDS, Language, cause_word
from insights.render.causes import longest_risk, money, share, side_by_side, stakes_in_words, stakes_title, tone

SHOWN = 3
"Interventions that are named for a group."


def groups(found: Decomposition, language: Language) -> Iterator[tuple[str, ...]]:
    """The heading, then a row a group and month: who left, and the share that is laid on each cause."""
    words = WORDS[language]
    yield (words["group"], words["departures"], *(cause_word(cause, language) for cause in found.causes))
    for group in found.groups:
        if not group.too_few:
            shares = (share(group.attributed[cause]) for cause in found.causes)
            yield (group_word(group.by, group.value, language), f"{group.n_left:,}", *shares)


def group_word(by: str, value: str, language: Language) -> str:
    """What a group is called."""
    words = WORDS[language]
    return words["everybody"] if by == "all" else f"{words.get(by, by)}: {value or words['none of them']}"


@dataclass(frozen=True)
class Portrait:
    """One group's past and its customers of today; one of them may be missing."""

    by: str
    value: str
    past: Group | None
    today: Outlook | None

    def title(self, found: Decomposition, language: Language) -> str:
        """Who left, who is there, and what is at stake."""
        words, past, today = WORDS[language], self.past, self.today
        left = words["group left"].format(n_left=past.n_left, n_customers=past.n_customers) if past else ""
        now = words["group today"].format(n_customers=today.n_customers) if today else words["nobody today"]
        stake = stakes_title(found, language, today) if today else ""
        return " | ".join(part for part in (group_word(self.by, self.value, language), left, now, stake) if part)

    def views(self, found: Decomposition, language: Language) -> Iterator[tuple[str, ...]]:
        """The heading, then a row a cause: every view in whole percents, for groups are small, and the MRR at stake."""
        words = WORDS[language]
        headings = (words[name] for name in ("cause", "stated", "attributed", "hazard"))
        yield (*headings, longest_risk(found, language), words["mrr"])
        amounts = stakes_in_words(self.today) if self.today else {}
        for cause in (*found.causes, UNSTATED):
            cells = side_by_side(self.past, self._risks(), cause, decimals=0)
            yield cause_word(cause, language), *cells, amounts.get(cause, "-")

    def _risks(self) -> dict[str, list[Estimate]]:
        """By the hazard model of who is there today, or what happened until now."""
        if self.today and self.today.risks:
            return self.today.risks.by_cause
        return self.past.incidence if self.past else {}

    def first(self, language: Language) -> str:
        """Which interventions bring the most among those that bring anything; '' where none are stated."""
        if not (self.today and self.today.interventions):
            return ""
        paying = [one for one in self.today.interventions if one.money.value > 0][:SHOWN]
        named = (f"{one.name} ({cause_word(one.cause, language)}) {money(one.money)}" for one in paying)
        return (
            WORDS[language]["first"].format(interventions="; ".join(named))
            if paying
            else WORDS[language]["nothing pays"]
        )


def portraits(found: Decomposition) -> Iterator[Portrait]:
    """Every group that anybody was or is in, once: segments, tiers, plans, then attributes."""
    past = {(one.by, one.value): one for one in found.groups if one.by not in ("all", "month") and one.n_customers}
    today = {(one.by, one.value): one for one in found.outlooks}
    kinds = list(dict.fromkeys(by for by, _ in (*past, *today)))
    for by, value in sorted(dict.fromkeys((*past, *today)), key=lambda key: kinds.index(key[0])):
        yield Portrait(by, value, past.get((by, value)), today.get((by, value)))


def months(found: Decomposition, language: Language) -> Iterator[tuple[str, ...]]:
    """The heading, then for each month of a group in which enough left a row a view."""
    words = WORDS[language]
    yield (
        *(words[name] for name in ("group", "month", "departures", "view")),
        *(cause_word(cause, language) for cause in found.causes),
    )
    for group in (one for one in found.group_months if not one.too_few):
        for view, shares in (("stated", group.stated), ("attributed", group.attributed), ("hazard", group.hazard)):
            cells = (share(shares[cause], 1 if view == "hazard" else 0) for cause in found.causes)
            yield group_word(group.by, group.value, language), group.month, f"{group.n_left:,}", words[view], *cells


def too_few(found: Decomposition, language: Language) -> Iterator[str]:
    """Which groups, and how many of their months, are told by their counts alone."""
    words = WORDS[language]
    few = [f"{group_word(one.by, one.value, language)} ({one.n_left})" for one in found.groups if one.too_few]
    if few:
        yield words["too few"].format(least=LEAST_LEFT, groups=", ".join(few))
    n = sum(one.too_few for one in found.group_months)
    if n:
        yield words["few months"].format(least=LEAST_LEFT, n=f"{n:,}")


def tones(found: Decomposition, language: Language) -> Iterator[tuple[str, ...]]:
    """The heading, then a row a group: how all its texts sound, and those that speak of each cause."""
    words = WORDS[language]
    columns = ("", *found.causes)
    yield words["group"], words["texts"], words["all texts"], *(cause_word(cause, language) for cause in found.causes)
    told = {(one.by, one.value, one.cause): one for one in found.tones if one.by not in ("all", "cause", "month")}
    for by, value in dict.fromkeys((by, value) for by, value, _ in told):
        cells = (told[by, value, cause].tone if (by, value, cause) in told else Estimate() for cause in columns)
        yield group_word(by, value, language), f"{told[by, value, ''].n_texts:,}", *map(tone, cells)
