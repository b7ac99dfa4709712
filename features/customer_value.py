"""Orders and subscriptions of customers before a cutoff, and what they brought in after it.

History reads `tables.at(cutoff)`; outcomes read the tables as they are known now, like labels. Several orders of one
day count as one. Margins: the cost of purchases where the table has it, the `margin_rate` of subscriptions, otherwise
that of `[money]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from core.customer_value import YEAR_DAYS, ValueHistory, ValueOutcomes
from core.errors import DataError
from core.interactions import codes_of
from core.window import DAYS_PER_MONTH, Window
from features.labels.labelling import resolve_ids
from tables.currencies import convert_to_base_currency
from tables.engines.arrays import days, midnight, numbers, texts, within
from tables.episodes import running_at
from tables.orders import IS_PURCHASE
from tables.tables import Tables

SECONDS_PER_MONTH = DAYS_PER_MONTH * 86_400
DAYS_PER_WEEK = 7


@dataclass(frozen=True)
class ValueSources:
    """Which tables the value of a customer comes from."""

    purchases: bool
    subscriptions: bool

    @classmethod
    def of(cls, tables: Tables) -> ValueSources:
        """By the tables there are and `[value] revenue`. Raises DataError where neither can be used."""
        choice = tables.config.value.revenue
        is_dated = "purchases" in tables and not tables.is_undated("purchases") and tables.has_amounts
        sources = cls(
            purchases=choice != "subscriptions" and is_dated,
            subscriptions=choice != "purchases" and "subscriptions" in tables,
        )
        if not (sources.purchases or sources.subscriptions):
            raise DataError(
                f"value needs purchases with event_time and amount, or subscriptions, under [tables]; [value] revenue "
                f"is '{choice}' and there are: {', '.join(tables.names)}"
            )
        return sources

    @property
    def description(self) -> str:
        """Which revenue it is, in words."""
        words = {"purchases less returns": self.purchases, "the price of running subscriptions": self.subscriptions}
        return " and ".join(word for word, is_used in words.items() if is_used)


def value_record_start(tables: Tables, sources: ValueSources) -> date:
    """The first day of the tables that value comes from. Raises DataError where they are empty."""
    firsts = [tables.load_report(name).first for name in _names(sources)]
    dated = [first.date() for first in firsts if first is not None]
    if not dated:
        raise DataError(f"{' and '.join(_names(sources))} have no row with a time; are the tables empty?")
    return min(dated)


def value_watermark(tables: Tables, sources: ValueSources) -> date:
    """The first day that the tables of value do not record completely."""
    return min(tables.watermark(name) for name in _names(sources))


def summarise_history(tables: Tables, customer_ids: NDArray[np.str_], *, cutoff: date) -> ValueHistory:
    """The orders and subscriptions of these customers before midnight of the cutoff, (n,) each."""
    sources, tables_then = ValueSources.of(tables), tables.at(cutoff)
    recorded = (cutoff - value_record_start(tables, sources)).days
    year = Window.lookback(cutoff, YEAR_DAYS)
    n, margin_rate = len(customer_ids), tables.config.money.margin_rate
    bought = _summarise_purchases(tables_then, customer_ids, cutoff=cutoff) if sources.purchases else {}
    paid = _sum_subscriptions(tables_then, customer_ids, window=year) if sources.subscriptions else {}
    running = _running(tables_then, customer_ids, cutoff=cutoff) if sources.subscriptions else {}
    zeros, unknown = np.zeros(n), np.full(n, np.nan)
    return ValueHistory(
        customer_ids=customer_ids,
        frequency=bought.get("frequency", unknown),
        recency_weeks=bought.get("recency_weeks", unknown),
        age_weeks=bought.get("age_weeks", unknown),
        order_value=bought.get("order_value", unknown),
        margin_share=bought.get("margin_share", np.full(n, margin_rate)),
        monthly_revenue=running.get("mrr", zeros),
        subscription_margin=running.get("margin_rate", np.full(n, margin_rate)),
        orders_year=bought.get("orders_year", zeros),
        revenue_year=bought.get("revenue_year", zeros) + paid.get("revenue", zeros),
        margin_year=bought.get("margin_year", zeros) + paid.get("margin", zeros),
        year_days=float(np.clip(recorded, 1, YEAR_DAYS)),
    )


def measure_outcomes(
    tables: Tables, customer_ids: NDArray[np.str_], *, cutoff: date, horizon_days: int
) -> ValueOutcomes:
    """What these customers brought in within the horizon, (n,) each, by everything recorded until now."""
    sources, latest = ValueSources.of(tables), tables.latest()
    ids, window, zeros = (
        resolve_ids(tables, customer_ids),
        Window.horizon(cutoff, horizon_days),
        np.zeros(len(customer_ids)),
    )
    bought: dict[str, NDArray[np.float64]] = {}
    if sources.purchases:
        daily = _daily_purchases(latest, window)
        per_customer = daily.group_by("customer_id").aggregate(
            orders=daily.bought.sum(), revenue=daily.net.sum(), margin=daily.margin.sum()
        )
        bought = _align(per_customer, ids, names=("orders", "revenue", "margin"))
    paid = _sum_subscriptions(latest, ids, window=window) if sources.subscriptions else {}
    return ValueOutcomes(
        customer_ids=customer_ids,
        orders=bought.get("orders", zeros),
        purchase_revenue=bought.get("revenue", zeros),
        subscription_revenue=paid.get("revenue", zeros),
        margin=bought.get("margin", zeros) + paid.get("margin", zeros),
        horizon_days=horizon_days,
    )


def _names(sources: ValueSources) -> list[str]:
    return [name for name in ("purchases", "subscriptions") if getattr(sources, name)]


def _daily_purchases(tables: Tables, window: Window | None = None) -> ir.Table:
    """Net amount, margin and whether something was bought, of each customer and day."""
    lines = convert_to_base_currency(tables["purchases"], "amount", tables=tables)
    lines = lines.filter(lines.customer_id.notnull())
    if window is not None:
        lines = lines.filter(within(lines.event_time, window))
    margin = lines.amount * tables.config.money.margin_rate
    if "cost" in lines.columns:
        cost = lines.cost.abs() * ibis.ifelse(lines.amount < 0, -1, 1)
        margin = (lines.amount - cost).coalesce(margin)
    lines = lines.mutate(day=lines.event_time.truncate("D"), value=margin, is_bought=ibis.ifelse(IS_PURCHASE, 1, 0))
    return lines.group_by("customer_id", "day").aggregate(
        net=lines.amount.sum(), margin=lines.value.sum(), bought=lines.is_bought.max()
    )


def _summarise_purchases(
    tables: Tables, customer_ids: NDArray[np.str_], *, cutoff: date
) -> dict[str, NDArray[np.float64]]:
    """The purchases of each customer in figures."""
    daily = _daily_purchases(tables)
    order_day = ibis.ifelse(daily.bought == 1, daily.day, ibis.null("timestamp"))
    in_year = daily.day >= midnight(Window.lookback(cutoff, YEAR_DAYS).start)
    per_customer = daily.group_by("customer_id").aggregate(
        orders=daily.bought.sum(),
        first=order_day.min(),
        last=order_day.max(),
        revenue=daily.net.sum(),
        margin=daily.margin.sum(),
        orders_year=ibis.ifelse(in_year, daily.bought, 0).sum(),
        revenue_year=ibis.ifelse(in_year, daily.net, 0.0).sum(),
        margin_year=ibis.ifelse(in_year, daily.margin, 0.0).sum(),
    )
    names = ("orders", "revenue", "margin", "orders_year", "revenue_year", "margin_year")
    figures = _align(per_customer, customer_ids, names=names, dates=("first", "last"))
    orders = np.where(figures["orders"] > 0, figures["orders"], np.nan)
    last_day = float(np.datetime64(cutoff, "D").astype(np.int64) - 1)
    return {
        "frequency": orders - 1.0,
        "recency_weeks": (figures["last"] - figures["first"]) / DAYS_PER_WEEK,
        "age_weeks": (last_day - figures["first"]) / DAYS_PER_WEEK,
        "order_value": figures["revenue"] / orders,
        "margin_share": _shrink_margins(figures, default=tables.config.money.margin_rate),
        **{name: figures[name] for name in ("orders_year", "revenue_year", "margin_year")},
    }


def _shrink_margins(figures: Mapping[str, NDArray[np.float64]], *, default: float) -> NDArray[np.float64]:
    """The margin share of each customer, shrunk to that of all as if they had bought a mean customer's worth of it.

    Its level is that of the last year: after a change of prices, the share of all years is no forecast.
    """
    revenue, margin = figures["revenue"], figures["margin"]
    total, year, of_year = revenue.sum(), figures["revenue_year"].sum(), figures["margin_year"].sum()
    if total <= 0:
        return np.full(len(revenue), default)
    share, weight = margin.sum() / total, total / len(revenue)
    shares = (margin + weight * share) / (np.maximum(revenue, 0.0) + weight)
    level = of_year / year / share if min(year, of_year, share) > 0 else 1.0
    return np.clip(shares * level, -1.0, 1.0)


def _running(tables: Tables, customer_ids: NDArray[np.str_], *, cutoff: date) -> dict[str, NDArray[np.float64]]:
    """Monthly price and margin rate of the subscriptions that run across the cutoff."""
    spans = _spans(tables)
    spans = spans.filter(running_at(spans, cutoff))
    per_customer = spans.group_by("customer_id").aggregate(mrr=spans.mrr.sum(), margin=(spans.mrr * spans.margin).sum())
    figures = _align(per_customer, customer_ids, names=("mrr", "margin"))
    default = np.full(len(customer_ids), tables.config.money.margin_rate)
    rate = np.divide(figures["margin"], figures["mrr"], out=default, where=figures["mrr"] > 0)
    return {"mrr": figures["mrr"], "margin_rate": rate}


def _sum_subscriptions(
    tables: Tables, customer_ids: NDArray[np.str_], *, window: Window
) -> dict[str, NDArray[np.float64]]:
    """Revenue and margin of subscriptions for the days on which they ran in the window."""
    spans = _spans(tables)
    first, last = midnight(window.start), midnight(window.end)
    ends = ibis.least(spans.ended_at.coalesce(last), last) if "ended_at" in spans.columns else last
    seconds = ends.truncate("s").epoch_seconds() - ibis.greatest(spans.started_at, first).truncate("s").epoch_seconds()
    revenue = spans.mrr * ibis.greatest(seconds, 0) / SECONDS_PER_MONTH
    spans = spans.mutate(revenue=revenue, gross=revenue * spans.margin)
    per_customer = spans.group_by("customer_id").aggregate(revenue=spans.revenue.sum(), margin=spans.gross.sum())
    return _align(per_customer, customer_ids, names=("revenue", "margin"))


def _spans(tables: Tables) -> ir.Table:
    """Subscription spans with their price in the base currency and their margin rate."""
    spans = convert_to_base_currency(tables["subscriptions"], "mrr", tables=tables)
    default = tables.config.money.margin_rate
    margin = spans.margin_rate.coalesce(default) if "margin_rate" in spans.columns else ibis.literal(default)
    return spans.mutate(margin=margin)


def _align(
    per_customer: ir.Table, customer_ids: NDArray[np.str_], *, names: tuple[str, ...], dates: tuple[str, ...] = ()
) -> dict[str, NDArray[np.float64]]:
    """The columns for these customers, (n,) each: 0 without rows, and NaN without a date; dates as days."""
    rows = per_customer.filter(per_customer.customer_id.notnull()).to_pyarrow()
    ids = texts(rows["customer_id"])
    order = np.argsort(ids, kind="stable")
    places = codes_of(customer_ids, ids[order])
    columns = {name: np.append(np.nan_to_num(numbers(rows[name])[order]), 0.0)[places] for name in names}
    for name in dates:
        day = days(rows[name])[order]
        number = np.where(np.isnat(day), np.nan, day.astype(np.int64))
        columns[name] = np.append(number, np.nan)[places]
    return columns
