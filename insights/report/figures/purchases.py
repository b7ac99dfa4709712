"""Purchases: revenue, orders, repeat purchases, the value of a customer by age, and cohorts of buyers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.window import DAYS_PER_MONTH
from insights.finance.buying import BUYING_FIGURES, Buyers, DailyOrders, estimate_buying_figures
from insights.finance.lifetime import MIN_OBSERVED, MONTHS_PER_YEAR
from insights.report.activity import count_active
from insights.report.buyer_rows import all_buyers, select_orders
from insights.report.cohorts import order_cohorts
from insights.report.definitions import FigureDefinition, FigureSection, Period, Sums, View, take_total
from insights.report.estimation import FigureSpec, estimate_figures, quotient
from insights.report.figure import Figure, Place
from insights.report.inputs import FigureInputs


def buying_figures(inputs: FigureInputs) -> Iterator[Figure]:
    """The figures of `BUYING_FIGURES` of the year: of all customers and of each group."""
    year = inputs.data.calendar.year
    orders = select_orders(inputs.data.orders, year)
    if not len(orders.days):
        return
    yield from _estimate_buying(inputs, orders, place=Place(period=year.label))
    for grouping in inputs.data.groupings:
        for name, rows in grouping.masks(orders.customer_ids):
            yield from _estimate_buying(inputs, orders.take(rows), place=Place(grouping.by, name, year.label))


def _estimate_buying(inputs: FigureInputs, orders: DailyOrders, *, place: Place) -> Iterator[Figure]:
    n_customers = len(np.unique(orders.with_order.customer_ids))
    estimates = estimate_buying_figures(orders, n_resamples=inputs.n_resamples)
    yield from (Figure(name, estimates[name], n_customers, place) for name in BUYING_FIGURES)


def value_by_age(inputs: FigureInputs) -> list[Figure]:
    """The cumulated gross profit of a customer by months since the first order, later money discounted.

    Each month of age is averaged over the customers who were observed through it, so young customers count as well.
    What a customer returned before the first recorded order was bought before the record begins, and is left out.
    """
    data = inputs.data
    if not len(select_orders(data.orders, data.calendar.year).days):
        return []
    orders = data.orders.take(data.orders.days < data.calendar.end)
    buyers = Buyers.of(orders)
    orders = orders.take(np.isin(orders.customer_ids, buyers.customer_ids))
    rows = np.searchsorted(buyers.customer_ids, orders.customer_ids)
    ages = _whole_months(orders.days - buyers.first_days[rows])
    observed_months = _whole_months(data.calendar.end - buyers.first_days)
    enough = np.sort(observed_months)[-MIN_OBSERVED] if len(observed_months) >= MIN_OBSERVED else 0
    n_ages = min(int(enough), len(data.calendar.months))
    money = data.config.money
    addends: list[NDArray[Any]] = []
    specs = []
    for age in range(n_ages):
        is_observed, lines = observed_months > age, ages == age
        value = money.margin_rate / (1 + money.yearly_discount) ** (age / MONTHS_PER_YEAR)
        addends += [np.bincount(rows[lines], orders.amounts[lines], len(buyers)) * is_observed * value, is_observed]
        n, place = int(is_observed.sum()), Place(age=age + 1)
        specs.append(FigureSpec("value_by_age", tuple(addends), formula=_sum_of_quotients, place=place, n=n))
        if age + 1 == MONTHS_PER_YEAR:
            specs.append(FigureSpec("ltv_first_year", tuple(addends), formula=_sum_of_quotients, n=n))
    if specs:
        specs.append(FigureSpec("ltv_seen", tuple(addends), formula=_sum_of_quotients, n=specs[-1].n))
    return estimate_figures(specs, buyers.customer_ids, n_resamples=inputs.n_resamples)


def _whole_months(spans: NDArray[np.timedelta64]) -> NDArray[np.int64]:
    """Whole months in spans of days."""
    return np.floor(spans.astype(np.float64) / DAYS_PER_MONTH).astype(np.int64)


def _sum_of_quotients(*sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum of the quotients of consecutive pairs of sums."""
    return np.sum([quotient(*pair) for pair in zip(sums[::2], sums[1::2], strict=True)], axis=0)


_SPANS: tuple[Period, ...] = ("year", "month")
_CHARTED: tuple[View, ...] = ("row", "month_chart")
_GROUPED: tuple[View, ...] = ("row", "group_column")


SECTION = FigureSection(
    position=50,
    figures=(
        FigureDefinition(
            "revenue",
            "money",
            adds_up=True,
            sums=Sums(all_buyers, _SPANS, lambda buyers: (buyers.revenue,), take_total, count_active),
            views=(*_CHARTED, "group_column"),
            is_headline=True,
            is_exact=True,
            needs="purchases",
        ),
        FigureDefinition(
            "orders",
            "count",
            adds_up=True,
            sums=Sums(all_buyers, _SPANS, lambda buyers: (buyers.n_orders,), take_total, count_active),
            is_exact=True,
        ),
        FigureDefinition(
            "active_customers",
            "customers",
            adds_up=True,
            sums=Sums(all_buyers, _SPANS, lambda buyers: (buyers.active,), take_total, count_active),
            views=_CHARTED,
            is_exact=True,
        ),
        FigureDefinition(
            "new_customers",
            "customers",
            adds_up=True,
            sums=Sums(all_buyers, _SPANS, lambda buyers: (buyers.is_new,), take_total, count_active),
            views=_CHARTED,
            is_exact=True,
        ),
        FigureDefinition(
            "returning_share",
            "share",
            adds_up=True,
            sums=Sums(
                all_buyers, _SPANS, lambda buyers: (buyers.active & ~buyers.is_new, buyers.active), n=count_active
            ),
            views=_CHARTED,
        ),
        FigureDefinition(
            "repeat_rate",
            "share",
            sums=Sums(all_buyers, ("rolling_year",), lambda buyers: (buyers.n_orders > 1, buyers.active)),
            computed_by=buying_figures,
            views=(*_CHARTED, "group_column", "group_chart"),
            is_headline=True,
        ),
        FigureDefinition(
            "average_order_value",
            "money",
            sums=Sums(all_buyers, ("month",), lambda buyers: (buyers.revenue, buyers.n_orders), n=count_active),
            computed_by=buying_figures,
            views=(*_CHARTED, "group_column"),
            is_headline=True,
        ),
        FigureDefinition("orders_a_customer", "count", computed_by=buying_figures, views=_GROUPED),
        FigureDefinition("revenue_a_customer", "money", computed_by=buying_figures),
        FigureDefinition("ltv_first_year", "money", computed_by=value_by_age, is_headline=True),
        FigureDefinition("ltv_seen", "money", computed_by=value_by_age),
        FigureDefinition("value_by_age", "money", computed_by=value_by_age, views=("age_chart",)),
        FigureDefinition(
            "ordering",
            "share",
            sums=Sums(order_cohorts, ("age",), lambda cohort: (cohort.active, cohort.active_first), n=len),
            views=("cohort_table",),
        ),
    ),
)
