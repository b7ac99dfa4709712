"""What each customer adds to the sums that lifetime value and acquisition cost follow from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from insights.report.facts import Facts
from insights.report.parts import Part
from insights.report.recurring import monthly_churn_parts
from models.metrics.weighted import ratio


@dataclass(frozen=True)
class Ledger:
    """What each customer of a part adds to the sums that LTV and CAC follow from; every array is (n,)."""

    customer_ids: np.ndarray
    earned: np.ndarray
    "MRR now, after the cost of serving it."
    mrr: np.ndarray
    paying: np.ndarray
    left: np.ndarray
    "In how many months of the year they left."
    watched: np.ndarray
    "In how many they could have."
    won: np.ndarray
    "Whether they are new in a month whose cost is known; 0 everywhere where none is."
    cost: np.ndarray
    "What winning them cost, as far as that is recorded by customer."
    spend: float
    "What was spent in those months, where that is recorded instead."
    new: np.ndarray
    "Whether they are new in the year."
    n_months: int

    @classmethod
    def of(cls, facts: Facts, part: Part) -> Ledger:
        """Sum one part of the book up."""
        belongs = part.belongs[:, -1] if part.by == "plan" else np.ones(len(part.customer_ids), bool)
        mrr = facts.money.amounts(part.book.units[:, -1]) * belongs
        left, watched = monthly_churn_parts(part, facts.calendar.year)["monthly_logo_churn"]
        won, cost, spend = _won(facts, part)
        new = _new(part, facts, facts.calendar.year.n_months)
        margins = _margins(facts, part.customer_ids)
        return cls(
            part.customer_ids, mrr * margins, mrr, (mrr > 0).astype(float), left, watched, won, cost, spend,
            new.any(axis=1).astype(float), facts.calendar.year.n_months,
        )  # fmt: skip

    @property
    def knows_cost(self) -> bool:
        """Whether CAC can be told."""
        return bool(self.won.any()) and (self.spend > 0 or bool(self.cost.any()))


def _new(part: Part, facts: Facts, n_months: int) -> np.ndarray:
    """(n, n_months) bool: new in each of the last so many months."""
    return np.column_stack([moved["new"] > 0 for moved in part.moved[-n_months:]])


def _won(facts: Facts, part: Part) -> tuple[np.ndarray, np.ndarray, float]:
    """Who was won in months whose cost is known, what that cost by customer, and what was spent on all of them.

    Nobody says for whom the spend was, so where it tells the whole's cost, groups have none.
    """
    year, winning = facts.calendar.year, facts.winning
    new, cost = _new(part, facts, year.n_months), np.zeros(len(part.customer_ids))
    months = facts.calendar.months[-year.n_months :]
    if len(winning.months) and part.group:
        return cost, cost, 0.0
    if len(winning.months):
        spent = winning.amounts[np.isin(winning.months, months)].sum()
        return new[:, np.isin(months, winning.months)].any(axis=1).astype(float), cost, float(spent)
    rows = np.isin(part.customer_ids, winning.customer_ids) & new.any(axis=1)
    cost[rows] = winning.costs[np.searchsorted(winning.customer_ids, part.customer_ids[rows])]
    return rows.astype(float), cost, 0.0


def _margins(facts: Facts, customer_ids: np.ndarray) -> np.ndarray:
    """(n,) share of each customer's price that is left: of the running spans that say so, else the TOML's."""
    spans, stated = facts.spans, facts.config.money.margin_rate
    if spans.margin_rates is None:
        return np.full(len(customer_ids), stated)
    running = spans.running_at(facts.calendar.end - 1) & np.isin(spans.customer_ids, customer_ids) & (spans.mrr > 0)
    rows = np.searchsorted(customer_ids, spans.customer_ids[running])
    rates = np.where(np.isnan(spans.margin_rates), stated, spans.margin_rates)[running]
    paid = np.bincount(rows, spans.mrr[running], len(customer_ids))
    return ratio(np.bincount(rows, spans.mrr[running] * rates, len(customer_ids)), paid, stated)
