"""The subscription book in parts: everybody, each group, each plan.

A group keeps its customers. A plan's customers change: who begins a month on it is one of its for that month, whatever
they pay for at its end, so that an upgrade is no churn of the smaller plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from insights.finance.mrr import MrrTable, SubscriptionSpans, movements_of
from insights.report.attribute_groups import MOST_GROUPS, OTHERS, Grouping
from insights.report.figure import ALL, Place
from insights.report.plan_movements import plan_books, plan_movements
from insights.report.report_data import ReportData

SOURCE = "acquisition_source"
"How figures name the split by the channel that won a customer."
Moved = dict[str, np.ndarray]
"Each customer's part of each movement in one month, (n,) int64 by name."


@dataclass(frozen=True)
class Part:
    """Some of the customers, and what they pay."""

    by: str
    group: str
    book: MrrTable
    "Of the customers who ever belong to it, whatever they pay for."
    own: MrrTable
    "What of it counts as this part's: of a plan, what is paid for the plan."
    belongs: np.ndarray
    "(n, months + 1) bool: whether a customer belongs to it at each month's beginning."
    moved: tuple[Moved, ...]
    "Of each month."

    def place(self, period: str = "") -> Place:
        """Where a figure of this part belongs."""
        return Place(self.by, self.group, period)

    @property
    def customer_ids(self) -> np.ndarray:
        """(n,) text 'U', sorted."""
        return self.book.customer_ids


def parts_of(facts: ReportData) -> Iterator[Part]:
    """Everybody, then each group of each grouping, then each plan; nothing without subscriptions."""
    if not facts.has_subscriptions:
        return
    book, n_months = facts.book, len(facts.calendar.months)
    moved = [movements_of(book, column) for column in range(n_months)]
    yield _kept_together(ALL, "", book, moved, np.ones(len(book.customer_ids), bool))
    for grouping in facts.groupings:
        for name, rows in grouping.masks(book.customer_ids):
            yield _kept_together(grouping.by, name, book, moved, rows)
    yield from _plans(facts)


def parts_by_source(facts: ReportData) -> Iterator[Part]:
    """Whom each channel with spend is said to have won, the dearest first."""
    if not facts.has_subscriptions:
        return
    moved = [movements_of(facts.book, column) for column in range(len(facts.calendar.months))]
    for name, rows in Grouping(SOURCE, facts.winning.won_by).masks(facts.book.customer_ids):
        yield _kept_together(SOURCE, name, facts.book, moved, rows)


def _kept_together(by: str, group: str, book: MrrTable, moved: list[Moved], rows: np.ndarray) -> Part:
    own = book.take(rows)
    return Part(by, group, own, own, np.ones(own.units.shape, bool), _of_rows(moved, rows))


def _of_rows(moved: list[Moved], rows: np.ndarray) -> tuple[Moved, ...]:
    return tuple({line: cells[rows] for line, cells in month.items()} for month in moved)


def _plans(facts: ReportData) -> Iterator[Part]:
    book, n_months = facts.book, len(facts.calendar.months)
    books = plan_books(named_plans(facts.spans).shift_by_one_day(), book, facts.money)
    largest_first = sorted(books, key=lambda plan: -int(books[plan].units[:, -1].sum()))
    by_month = [plan_movements(list(books.values()), column) for column in range(n_months)]
    paid = np.stack([np.maximum(own.units, own.revalued) for own in books.values()])
    leading = np.where(paid.any(axis=0), paid.argmax(axis=0), -1)
    places = {plan: place for place, plan in enumerate(books)}
    for plan in largest_first:
        place, own = places[plan], books[plan]
        rows = (paid[place] > 0).any(axis=1)
        moved = _of_rows([month[place] for month in by_month], rows)
        yield Part("plan", plan, book.take(rows), own.take(rows), (leading == place)[rows], moved)


def named_plans(spans: SubscriptionSpans) -> SubscriptionSpans:
    """The spans with the plans beyond the most frequent ones called others."""
    plans, counts = np.unique(spans.plans, return_counts=True)
    if len(plans) <= MOST_GROUPS:
        return spans
    kept = plans[np.argsort(-counts, kind="stable")][: MOST_GROUPS - 1]
    return replace(spans, plans=np.where(np.isin(spans.plans, kept), spans.plans, OTHERS))
