"""Usage: customers who use the product, how often, and cohorts by the month of first use; churn by its definition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from insights.report.calendar import Span
from insights.report.cohorts import usage_cohorts
from insights.report.definitions import FigureDefinition, FigureSection, Period, Sample, Sums, View
from insights.report.figure import ALL, ALL_CUSTOMERS, Place
from insights.report.inputs import FigureInputs
from insights.report.usage_data import UsageMonths


@dataclass(frozen=True)
class UserRows:
    """All customers who ever used the product, over a span; every array is (n,), sorted by customer."""

    usage: UsageMonths
    "Of all time."
    owners: NDArray[np.int64]
    "The customer of each month of usage."
    first_months: NDArray[np.datetime64]
    span: Span

    @cached_property
    def _rows(self) -> NDArray[np.bool_]:
        return (self.usage.months >= self.span.first) & (self.usage.months <= self.span.last)

    @cached_property
    def n_months(self) -> NDArray[Any]:
        """The number of months of the span with usage."""
        return np.bincount(self.owners[self._rows], minlength=len(self.first_months))

    @cached_property
    def n_days(self) -> NDArray[Any]:
        """The number of days of the span with usage."""
        return np.bincount(self.owners[self._rows], self.usage.n_days[self._rows], len(self.first_months))

    @property
    def active(self) -> NDArray[np.bool_]:
        """Whether the customer used the product in the span."""
        return self.n_months > 0

    @property
    def is_new(self) -> NDArray[np.bool_]:
        """Whether the first usage of all is in the span."""
        return (self.first_months >= self.span.first) & (self.first_months <= self.span.last)

    @property
    def n_active(self) -> int:
        """The number of customers with usage in the span."""
        return int(self.active.sum())


def all_users(inputs: FigureInputs) -> Iterator[Sample[UserRows]]:
    """All customers and each group with usage in the year; nothing without usage in the year."""
    usage, year = inputs.data.usage, inputs.data.calendar.year
    year_ids = usage.customer_ids[(usage.months >= year.first) & (usage.months <= year.last)]
    if not len(year_ids):
        return
    yield _sample(inputs, ALL_CUSTOMERS, members=np.unique(usage.customer_ids))
    for grouping in inputs.data.groupings:
        for name, _ in grouping.masks(year_ids):
            yield _sample(inputs, Place(grouping.by, name), members=grouping.members[name])


def _sample(inputs: FigureInputs, group: Place, *, members: NDArray[np.str_]) -> Sample[UserRows]:
    usage = inputs.data.usage
    usage = usage.take(np.isin(usage.customer_ids, members)) if group.by != ALL else usage
    ids, owners = np.unique(usage.customer_ids, return_inverse=True)
    first = np.full(len(ids), np.datetime64("9999-12"))
    np.minimum.at(first, owners, usage.months)
    cells: dict[Period, Sequence[tuple[Place, UserRows]]] = {
        period: [(Place(group.by, group.group, span.label), UserRows(usage, owners, first, span)) for span in spans]
        for period, spans in inputs.data.calendar.spans.items()
    }
    return Sample(ids, cells)


@dataclass(frozen=True)
class RecentChurnRows:
    """Whether each customer of one horizon ago has churned, (n,)."""

    churned: NDArray[np.bool_]


def customers_since(inputs: FigureInputs) -> Iterator[Sample[RecentChurnRows]]:
    """The customers of the newest day whose horizon has passed, and each group of them."""
    recent = inputs.data.recent_churn
    if not len(recent.customer_ids):
        return
    yield Sample(recent.customer_ids, {"today": [(ALL_CUSTOMERS, RecentChurnRows(recent.churned))]})
    for grouping in inputs.data.groupings:
        for name, rows in grouping.masks(recent.customer_ids):
            cell = Place(grouping.by, name), RecentChurnRows(recent.churned[rows])
            yield Sample(recent.customer_ids[rows], {"today": [cell]})


def _total(users: UserRows, total: NDArray[np.float64]) -> NDArray[np.float64]:
    del users
    return total


def _n(users: UserRows) -> int:
    return users.n_active


_SPANS: tuple[Period, ...] = ("year", "month")
_CHARTED: tuple[View, ...] = ("row", "month_chart")

SECTION = FigureSection(
    position=45,
    figures=(
        FigureDefinition(
            "using_customers",
            "customers",
            adds_up=True,
            sums=Sums(all_users, _SPANS, lambda users: (users.active,), _total, _n),
            views=(*_CHARTED, "group_column"),
            is_headline=True,
            is_exact=True,
            needs="usage",
        ),
        FigureDefinition(
            "new_using_customers",
            "customers",
            adds_up=True,
            sums=Sums(all_users, _SPANS, lambda users: (users.is_new,), _total, _n),
            views=_CHARTED,
            is_exact=True,
        ),
        FigureDefinition(
            "returning_users_share",
            "share",
            adds_up=True,
            sums=Sums(all_users, _SPANS, lambda users: (users.active & ~users.is_new, users.active), n=_n),
            views=_CHARTED,
        ),
        FigureDefinition(
            "usage_days",
            "count",
            sums=Sums(all_users, _SPANS, lambda users: (users.n_days, users.n_months), n=_n),
            views=(*_CHARTED, "group_column"),
            is_headline=True,
        ),
        FigureDefinition(
            "churned_since",
            "share",
            sums=Sums(customers_since, ("today",), lambda rows: (rows.churned, np.ones(len(rows.churned)))),
            views=("row", "group_column"),
            better="lower",
            is_headline=True,
        ),
        FigureDefinition(
            "using",
            "share",
            sums=Sums(usage_cohorts, ("age",), lambda cohort: (cohort.active, cohort.active_first), n=len),
            views=("cohort_table",),
        ),
    ),
)
