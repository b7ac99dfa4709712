"""What customers say and how long they wait: NPS, CSAT, response rates, hours to an answer and to a solution."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from core.intervals import Estimate
from insights.report.facts import Facts
from insights.report.figure import ALL, Figure, Place, Unit
from insights.voices import Answers, Waits, net_promoter_score, response_rate, satisfaction, typical_hours

Told = Callable[[np.ndarray], tuple[Estimate, int]]
"From the rows that count, (n,) bool, to a figure and how many answers it is of."


def speaking_figures(facts: Facts) -> list[Figure]:
    """Every figure of surveys and tickets that there is something to tell of: of all, by group, by month."""
    best = facts.config.report.best_satisfaction
    found: list[Figure] = []
    for name, answers in (("nps", facts.nps), ("csat", facts.csat), ("ticket_satisfaction", facts.tickets)):
        scored = _nps(answers) if name == "nps" else _csat(answers, best)
        found += _split(facts, name, "points" if name == "nps" else "share", answers, scored)
        if name != "ticket_satisfaction":
            found += _split(facts, f"{name}_response_rate", "share", answers, _responses(answers))
    for name, waits in (("hours_to_answer", facts.answered), ("hours_to_close", facts.closed)):
        found += _split(facts, name, "hours", waits, _hours(waits))
    return found


def _nps(answers: Answers) -> Told:
    return lambda rows: (net_promoter_score(answers.scores[rows]), int(answers.answered[rows].sum()))


def _csat(answers: Answers, best: float) -> Told:
    return lambda rows: (satisfaction(answers.take(rows), best), int(answers.answered[rows].sum()))


def _responses(answers: Answers) -> Told:
    return lambda rows: (response_rate(answers.take(rows)), int(rows.sum()))


def _hours(waits: Waits) -> Told:
    return lambda rows: (typical_hours(waits.customer_ids[rows], waits.hours[rows]), int(rows.sum()))


def _split(facts: Facts, name: str, unit: Unit, said: Answers | Waits, told: Told) -> Iterator[Figure]:
    """The figure of the year for all and for each group, and of each month for all and for each group."""
    year = facts.calendar.year
    everybody = np.ones(len(said.customer_ids), bool)
    groups = [(ALL, "", everybody)] if len(everybody) else []
    groups += [(g.by, group, rows) for g in facts.groupings for group, rows in g.masks(said.customer_ids)]
    for by, group, rows in groups:
        for span in (year, *facts.calendar.each_month):
            estimate, n = told(rows & span.holds(said.days))
            if n:
                yield Figure(name, unit, estimate, n, Place(by, group, span.label))
