"""Sales: revenue, orders, repeat purchases, the value of a customer by age, and sales opportunities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.window import DAYS_PER_MONTH
from insights.finance.buying import BUYING_FIGURES, Buyers, DailyOrders, estimate_buying_figures
from insights.finance.lifetime import MIN_OBSERVED, MONTHS_PER_YEAR
from insights.report.acquisition_data import Opportunities
from insights.report.calendar import Span
from insights.report.estimation import FigureSpec, estimate_figures, plain, quotient
from insights.report.figure import ALL, Figure, Place
from insights.report.report_data import ReportData


def sales_figures(data: ReportData) -> list[Figure]:
    """All figures of purchases: of the year, by group, by month, and by age; none without purchases in the year."""
    year = data.calendar.year
    orders = select_orders(data.orders, year)
    if not len(orders.days):
        return []
    figures = _yearly_figures(orders, Place(period=year.label))
    for grouping in data.groupings:
        for name, rows in grouping.masks(orders.customer_ids):
            figures += _yearly_figures(orders.take(rows), Place(grouping.by, name, year.label))
            figures += _monthly_figures(data, Place(grouping.by, name), members=grouping.members[name])
    figures += _monthly_figures(data, Place(), members=np.unique(data.orders.customer_ids))
    return figures + _value_by_age(data)


def select_orders(orders: DailyOrders, span: Span) -> DailyOrders:
    """The orders of the months of a span."""
    return orders.take(span.contains(orders.days))


def _yearly_figures(orders: DailyOrders, place: Place) -> list[Figure]:
    n_customers = len(np.unique(orders.with_order.customer_ids))
    estimates = estimate_buying_figures(orders)
    figures = [Figure(name, estimates[name], n_customers, place) for name in BUYING_FIGURES]
    specs = [
        FigureSpec("revenue", (orders.amounts,), formula=plain, place=place, n=n_customers),
        FigureSpec("orders", (orders.n_orders,), formula=plain, place=place, n=n_customers),
    ]
    return figures + estimate_figures(specs, orders.customer_ids)


def _monthly_figures(data: ReportData, group: Place, *, members: NDArray[np.str_]) -> list[Figure]:
    """Active, new and returning customers and their orders by month; the repeat rate of the year to each month's end.

    The figures of customers are also of the year.
    """
    orders = data.orders.take(np.isin(data.orders.customer_ids, members))
    ids, owners = np.unique(orders.customer_ids, return_inverse=True)
    first = np.full(len(ids), np.datetime64("9999-12"))
    has_order = orders.n_orders > 0
    np.minimum.at(first, owners[has_order], orders.days[has_order].astype("datetime64[M]"))
    specs: list[FigureSpec] = []
    for span in (data.calendar.year, *data.calendar.each_month):
        rows = span.contains(orders.days)
        n_orders = np.bincount(owners[rows], orders.n_orders[rows], len(ids))
        active, is_new = n_orders > 0, (first >= span.first) & (first <= span.last)
        place, n = Place(group.by, group.group, span.label), int(active.sum())
        specs += [
            FigureSpec("active_customers", (active,), formula=plain, place=place, n=n),
            FigureSpec("new_customers", (is_new,), formula=plain, place=place, n=n),
            FigureSpec("returning_share", (active & ~is_new, active), place=place, n=n),
        ]
        if place.is_month:
            revenue = np.bincount(owners[rows], orders.amounts[rows], len(ids))
            specs += [
                FigureSpec("revenue", (revenue,), formula=plain, place=place, n=n),
                FigureSpec("orders", (n_orders,), formula=plain, place=place, n=n),
                FigureSpec("average_order_value", (revenue, n_orders), place=place, n=n),
            ]
    for year in data.calendar.years:
        rows = year.contains(orders.days)
        n_orders = np.bincount(owners[rows], orders.n_orders[rows], len(ids))
        place = Place(group.by, group.group, str(year.last))
        specs.append(FigureSpec("repeat_rate", (n_orders > 1, n_orders > 0), place=place))
    return estimate_figures(specs, ids)


def _value_by_age(data: ReportData) -> list[Figure]:
    """The cumulated gross profit of a customer by months since the first order, later money discounted.

    Each month of age is averaged over the customers who were observed through it, so young customers count as well.
    What a customer returned before the first recorded order was bought before the record begins, and is left out.
    """
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
    return estimate_figures(specs, buyers.customer_ids)


def _whole_months(spans: NDArray[np.timedelta64]) -> NDArray[np.int64]:
    """Whole months in spans of days."""
    return np.floor(spans.astype(np.float64) / DAYS_PER_MONTH).astype(np.int64)


def _sum_of_quotients(*sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum of the quotients of consecutive pairs of sums."""
    return np.sum([quotient(*pair) for pair in zip(sums[::2], sums[1::2], strict=True)], axis=0)


def opportunity_figures(data: ReportData) -> list[Figure]:
    """Opportunity, win and loss rates and amounts: of the year, by month, by group; none without opportunities."""
    deals = data.opportunities
    if not len(deals.account_ids):
        return []
    figures: list[Figure] = []
    groups = [(g.by, name, members) for g in data.account_groupings for name, members in g.members.items()]
    for by, group, members in [(ALL, "", deals.all_accounts), *groups]:
        accounts = np.intersect1d(deals.all_accounts, members)
        spans = (data.calendar.year, *data.calendar.each_month)
        specs = [
            spec for span in spans for spec in _opportunity_specs(deals, accounts, place=Place(by, group), span=span)
        ]
        figures += estimate_figures(specs, accounts)
    return figures


def _opportunity_specs(
    deals: Opportunities, accounts: NDArray[np.str_], *, place: Place, span: Span
) -> Iterator[FigureSpec]:
    rows = np.searchsorted(accounts, deals.account_ids)
    in_group = np.isin(deals.account_ids, accounts)

    def by_account(chosen: NDArray[np.bool_], amounts: NDArray[np.float64] | None = None) -> NDArray[Any]:
        """The number of opportunities, or their amount, of each account, (accounts,)."""
        kept = chosen & in_group
        return np.bincount(rows[kept], None if amounts is None else amounts[kept], len(accounts))

    place = Place(place.by, place.group, span.label)
    decided = span.contains(deals.closed_on) & ~np.isnan(deals.won)
    is_won, is_lost = decided & (deals.won == 1), decided & (deals.won == 0)
    won, lost, closed = by_account(is_won), by_account(is_lost), by_account(decided)
    has_opened = by_account(span.contains(deals.opened_on)) > 0
    yield FigureSpec("opportunity_rate", (has_opened, np.ones(len(accounts))), place=place)
    yield FigureSpec("win_rate", (won, closed), place=place, n=int(closed.sum()))
    yield FigureSpec("loss_rate", (lost, closed), place=place, n=int(closed.sum()))
    yield FigureSpec("won_amount", (by_account(is_won, deals.amounts),), formula=plain, place=place)
    yield FigureSpec("lost_amount", (by_account(is_lost, deals.amounts),), formula=plain, place=place)
