"""Usage: customers who use the product, how often, and cohorts by the month of first use; churn by its definition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from insights.report.activity import (
    ActivityRows,
    count_active,
    find_first_months,
    sample_groups,
)
from insights.report.calendar import Span
from insights.report.cohorts import usage_cohorts
from insights.report.definitions import (
    FigureDefinition,
    FigureSection,
    Period,
    Sample,
    Sums,
    View,
    cells_by_period,
    take_total,
)
from insights.report.figure import ALL_CUSTOMERS, Place
from insights.report.inputs import FigureInputs
from insights.report.usage_data import UsageMonths


@dataclass(frozen=True)
class UserRows(ActivityRows):
    """All customers who ever used the product, over a span; every array is (n,), sorted by customer."""

    usage: UsageMonths
    "Of all time."

    @cached_property
    def _rows(self) -> NDArray[np.bool_]:
        return self.span.contains(self.usage.months)

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


def all_users(inputs: FigureInputs) -> Iterator[Sample[UserRows]]:
    """All customers and each group with usage in the year; nothing without usage in the year."""
    usage = inputs.data.usage
    year_ids = usage.customer_ids[inputs.data.calendar.year.contains(usage.months)]
    return sample_groups(inputs, lambda group, members: _sample(inputs, group, members=members), year_ids=year_ids)


def _sample(inputs: FigureInputs, group: Place, *, members: NDArray[np.str_] | None) -> Sample[UserRows]:
    usage = inputs.data.usage
    usage = usage if members is None else usage.take(np.isin(usage.customer_ids, members))
    ids, owners = np.unique(usage.customer_ids, return_inverse=True)
    first = find_first_months(owners, usage.months, n=len(ids))

    def rows_of(usage: UsageMonths, span: Span) -> UserRows:
        return UserRows(owners, first, span, usage)

    return Sample(ids, cells_by_period(inputs.data.calendar, [(group, usage)], rows_of=rows_of))


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


_SPANS: tuple[Period, ...] = ("year", "month")
_CHARTED: tuple[View, ...] = ("row", "month_chart")

SECTION = FigureSection(
    position=45,
    figures=(
        FigureDefinition(
            "using_customers",
            "customers",
            adds_up=True,
            sums=Sums(all_users, _SPANS, lambda users: (users.active,), take_total, count_active),
            views=(*_CHARTED, "group_column"),
            is_headline=True,
            is_exact=True,
            needs="usage",
        ),
        FigureDefinition(
            "new_using_customers",
            "customers",
            adds_up=True,
            sums=Sums(all_users, _SPANS, lambda users: (users.is_new,), take_total, count_active),
            views=_CHARTED,
            is_exact=True,
        ),
        FigureDefinition(
            "returning_users_share",
            "share",
            adds_up=True,
            sums=Sums(all_users, _SPANS, lambda users: (users.active & ~users.is_new, users.active), n=count_active),
            views=_CHARTED,
        ),
        FigureDefinition(
            "usage_days",
            "count",
            sums=Sums(all_users, _SPANS, lambda users: (users.n_days, users.n_months), n=count_active),
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
