"""Rows in a currency without a rate: which, for which months, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator

import ibis.expr.types as ir
import numpy as np

from core.exchange_rates import load_exchange_rates
from tables.engines.arrays import days, midnight
from tables.engines.expressions import Expression, ibis
from tables.tables import Tables

SHOWN = 3
"Months without a rate that are named."

Unrated = Iterator[tuple[str, ir.Table]]
"A cause, with what comes of it, and its rows."


def spans_without_a_rate(tables: Tables) -> Unrated:
    """Subscriptions in a currency that has no rate at all, or none for some month of a report in which they ran."""
    spans: Expression = tables["subscriptions"]
    if "currency" not in spans.columns:
        return
    base, rates = tables.config.currency, load_exchange_rates(tables.config)
    yield f"their currency has no rate to {base}, so their mrr is missing from sums", _in_none_of(spans, {base, *rates})
    end = np.datetime64(tables.watermark("subscriptions"), "M")
    for currency, by_month in rates.items():
        months = _without(np.arange(end - tables.config.report.months, end), by_month)
        if len(months):
            cause = f"{currency} has no rate to {base} for {_told(months)}, when they ran: `kizuna report` stops"
            yield cause, _running_in(_in(spans, currency), months)


def purchases_without_a_rate(tables: Tables) -> Unrated:
    """Purchases in a currency that has no rate at all, or none for their month, as far as that is complete."""
    lines: Expression = tables["purchases"]
    if "currency" not in lines.columns:
        return
    base, rates = tables.config.currency, load_exchange_rates(tables.config)
    cause = f"their currency has no rate to {base}: no feature counts them, and `kizuna report` stops"
    yield cause, _in_none_of(lines, {base, *rates})
    for currency, by_month in rates.items():
        own = _in(lines, currency)
        bought_on = days(own.select(day=own.event_time.truncate("M")).distinct().to_pyarrow()["day"])
        months = _without(np.unique(bought_on.astype("datetime64[M]")), by_month)
        months = months[months < np.datetime64(tables.watermark("purchases"), "M")] if len(months) else months
        if len(months):
            yield f"{currency} has no rate to {base} for {_told(months)}: `kizuna report` stops", _of(own, months)


def _in_none_of(rows: Expression, currencies: set[str]) -> ir.Table:
    return rows.filter(~rows.currency.upper().isin(currencies))


def _in(rows: Expression, currency: str) -> Expression:
    return rows.filter(rows.currency.upper() == currency)


def _without(months: np.ndarray, rates: dict[np.datetime64, float]) -> np.ndarray:
    return np.array([month for month in months if month not in rates], "datetime64[M]")


def _told(months: np.ndarray) -> str:
    return ", ".join(map(str, months)) if len(months) <= SHOWN else f"{len(months)} months from {months[0]} on"


def _running_in(spans: Expression, months: np.ndarray) -> ir.Table:
    ran = ibis.literal(False)
    for month in months:
        first, after = (midnight((month + later).astype("datetime64[D]").item()) for later in (0, 1))
        ran |= (spans.started_at < after) & (spans.ended_at.isnull() | (spans.ended_at > first))
    return spans.filter(ran)


def _of(lines: Expression, months: np.ndarray) -> ir.Table:
    return lines.filter(lines.event_time.truncate("M").isin([midnight(month.item()) for month in months]))
