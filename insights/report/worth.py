"""What a subscriber is worth and what winning one costs: LTV, CAC, their ratio and payback.

Twice: from the year's average churn (the simple form), and from how long customers really stayed (the survival curve),
where later money is worth less. Beyond the months that enough customers were watched, churn is taken as constant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from core.intervals import estimates
from insights.lifetime import discounted_months, months_beyond
from insights.report.facts import Facts
from insights.report.figure import Figure
from insights.report.ledger import Ledger
from insights.report.parts import Part
from insights.report.sought import N_RESAMPLES, Sought, quotient, work_out
from insights.survival import FEWEST_WATCHED, Lives, survival
from models.metrics.weighted import ratio


def worth_figures(facts: Facts, part: Part) -> list[Figure]:
    """LTV, CAC and what follows from them, of one part of the book."""
    ledger = Ledger.of(facts, part)
    return work_out(_simple(ledger, part, facts.calendar.year.label), part.customer_ids) + _curve(facts, part, ledger)


def _simple(ledger: Ledger, part: Part, year: str) -> Iterator[Sought]:
    place = part.place(year)
    stays, earns = (ledger.left, ledger.watched), (ledger.earned, ledger.paying)
    yield Sought("margin", "share", (ledger.earned, ledger.mrr), quotient, place)
    yield Sought("expected_months", "months", stays, _endless, place)
    yield Sought("ltv", "money", (*earns, *stays), _worth, place)
    if not ledger.knows_cost:
        return
    won = (ledger.cost, ledger.won)

    def cost(*sums: np.ndarray) -> np.ndarray:
        return ratio(sums[0] + ledger.spend, sums[1])

    def worth_over_cost(*sums: np.ndarray) -> np.ndarray:
        return ratio(_worth(*sums[:4]), cost(*sums[4:]))

    def paid_back(*sums: np.ndarray) -> np.ndarray:
        return ratio(cost(*sums[2:]), quotient(*sums[:2]))

    yield Sought("cac", "money", won, cost, place)
    yield Sought("ltv_over_cac", "times", (*earns, *stays, *won), worth_over_cost, place)
    yield Sought("cac_payback_months", "months", (*earns, *won), paid_back, place)


def _worth(earned: np.ndarray, paying: np.ndarray, left: np.ndarray, watched: np.ndarray) -> np.ndarray:
    """LTV of the simple form."""
    return quotient(earned, paying) * _endless(left, watched)


def _endless(left: np.ndarray, watched: np.ndarray) -> np.ndarray:
    """Months until a customer leaves; infinite where nobody did."""
    return ratio(watched, left, otherwise=np.inf)


def _curve(facts: Facts, part: Part, ledger: Ledger) -> list[Figure]:
    """The survival curve, and what a customer is worth by it; nothing where too few were watched.

    None by plan either: those who left are on no plan, so that a plan's curve would tell of survivors only.
    """
    lives = Lives.of(facts.spans, facts.calendar.end, facts.config.churn.grace_days)
    lives = lives.take(np.isin(lives.customer_ids, part.customer_ids))
    if part.by == "plan" or len(lives.months) < FEWEST_WATCHED:
        return []
    n_months = int(np.sort(lives.months)[-FEWEST_WATCHED])
    rows = np.searchsorted(ledger.customer_ids, lives.customer_ids)
    money = [np.where(lives.is_last, column[rows], 0.0) for column in (ledger.earned, ledger.paying)]
    discount = facts.config.money.yearly_discount

    def figures(weights: np.ndarray) -> np.ndarray:
        curve = survival(lives, n_months, weights)
        earned = ratio(weights @ money[0], weights @ money[1])
        churn = ratio(weights @ lives.ended, weights @ lives.months)
        seen = discounted_months(curve, discount)
        beyond = months_beyond(curve, np.clip(churn, 0, 1), discount)
        return np.column_stack([earned * seen, earned * (seen + beyond), curve])

    observed, whole, *curve = estimates(figures, lives.customer_ids, N_RESAMPLES)
    n, place = len(lives.months), part.place()
    return [
        Figure("ltv_observed", "money", observed, n, place),
        Figure("ltv_curve", "money", whole, n, place),
        *(Figure("survival", "share", share, n, replace(place, age=age)) for age, share in enumerate(curve)),
    ]
