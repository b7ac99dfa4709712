"""Read subscription spans, orders, surveys and tickets from a company's tables into arrays for the figures.

The cross-row checks that exclude rows from features exclude them here too: a span that ends before it starts, an NPS
of 11, a ticket closed before it was opened. `ExcludedRows` counts them by cause, so that a report can list them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from insights.finance.buying import DailyOrders
from insights.finance.feedback import SurveyResponses, Waits
from insights.finance.money import Money
from insights.finance.mrr import SubscriptionSpans
from tables.engines.arrays import days, midnight, numbers, seconds, texts
from tables.orders import IS_PURCHASE, add_occasion
from tables.tables import Tables


@dataclass(frozen=True)
class ExcludedRows:
    """How many rows of each table the figures exclude, by cause."""

    counts: dict[str, int] = field(default_factory=dict)

    def note(self, cause: str, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Count the rows of a mask under a cause, and return the mask of the other rows."""
        if rows.any():
            self.counts[cause] = self.counts.get(cause, 0) + int(rows.sum())
        return ~rows

    def note_excluded(self, tables: Tables, name: str) -> None:
        """Count the rows of a table that loading excluded, as 'table: column: cause'."""
        for cause, rows in tables.load_report(name).excluded.items():
            self.counts[f"{name}: {cause}"] = rows


def tables_at(tables: Tables, cutoff: date | None) -> Tables:
    """The tables as known before midnight of the cutoff; everything recorded where it is None."""
    return tables.latest() if cutoff is None else tables.at(cutoff)


def load_spans(tables: Tables, excluded: ExcludedRows, *, cutoff: date | None = None) -> SubscriptionSpans:
    """Every usable subscription span as known at the cutoff; none without a subscriptions table."""
    if "subscriptions" not in tables:
        return SubscriptionSpans.empty()
    excluded.note_excluded(tables, "subscriptions")
    subscriptions: ir.Table = tables_at(tables, cutoff)["subscriptions"]
    rows = _fetch(subscriptions, "plan", "started_at", "ended_at", "mrr", "currency", "margin_rate")
    return SubscriptionSpans(
        customer_ids=_texts(rows, "customer_id"),
        plans=_texts(rows, "plan"),
        started_on=_days(rows, "started_at"),
        ended_on=_days(rows, "ended_at"),
        mrr=_numbers(rows, "mrr"),
        currencies=np.char.upper(_texts(rows, "currency")),
        margin_rates=_numbers(rows, "margin_rate"),
    )


def load_orders(
    tables: Tables, money: Money, *, excluded: ExcludedRows, cutoff: date | None = None, until: date | None = None
) -> DailyOrders:
    """Orders and net revenue of identified customers by day; none without a purchases table.

    The amounts add up to the sum of all lines that have a customer. Amounts in
    another currency are converted at the rate of the purchase's month; raises DataError where it is missing. Purchases
    from `until` on are left out, so that the current month needs no rate yet.
    """
    if "purchases" not in tables:
        return DailyOrders.empty()
    lines: ir.Table = tables_at(tables, cutoff)["purchases"]
    currency = lines.currency.upper().fill_null("") if "currency" in lines.columns else ibis.literal("")
    if until is not None:
        lines = lines.filter(lines.event_time < midnight(until))
    daily = add_occasion(lines.mutate(day=lines.event_time.truncate("D"), currency=currency))
    summed = daily.group_by(["customer_id", "day", "currency"]).aggregate(amount=daily.amount.sum(), n=daily.count())
    rows = summed.order_by(["customer_id", "day", "currency"]).to_pyarrow()
    is_anonymous = rows["customer_id"].is_null().to_numpy()
    excluded.note("purchases: no customer", np.repeat(is_anonymous, rows["n"].to_numpy()))
    rows = rows.filter(pa.array(~is_anonymous))
    by_customer = daily.filter(IS_PURCHASE, daily.customer_id.notnull()).group_by(["customer_id", "occasion"])
    orders = by_customer.aggregate(day=ibis._.day.max()).group_by(["customer_id", "day"]).aggregate(n=ibis._.count())
    orders = orders.order_by(["customer_id", "day"]).to_pyarrow()
    amounts = _convert(rows, money=money)
    return DailyOrders.of(
        np.concatenate([_texts(rows, "customer_id"), _texts(orders, "customer_id")]),
        np.concatenate([_days(rows, "day"), _days(orders, "day")]),
        amounts=np.concatenate([amounts, np.zeros(len(orders))]),
        n_orders=np.concatenate([np.zeros(len(rows), np.int64), numbers(orders["n"]).astype(np.int64)]),
    )


def _convert(rows: pa.Table, *, money: Money) -> NDArray[np.float64]:
    """The amounts of the rows in the base currency, (n,), each at the rate of its month."""
    currencies, amounts = _texts(rows, "currency"), _numbers(rows, "amount").copy()
    if (currencies == "").all():
        return amounts
    months = _days(rows, "day").astype("datetime64[M]")
    for month in np.unique(months):
        chosen = months == month
        amounts[chosen] *= money.rates_in(currencies[chosen], month)
    return amounts


def load_survey_responses(
    tables: Tables, kind: str, *, excluded: ExcludedRows, cutoff: date | None = None
) -> SurveyResponses:
    """Every survey of a kind (nps, csat) that was sent; none without a surveys table."""
    if "surveys" not in tables:
        return SurveyResponses.empty()
    excluded.note_excluded(tables, "surveys")
    surveys: ir.Table = tables_at(tables, cutoff)["surveys"]
    rows = _fetch(surveys.filter(surveys.kind.lower() == kind), "score", "event_time")
    return SurveyResponses(
        customer_ids=_texts(rows, "customer_id"), scores=_numbers(rows, "score"), days=_days(rows, "event_time")
    )


def load_ticket_ratings(tables: Tables, cutoff: date | None = None) -> SurveyResponses:
    """Each ticket with the customer's satisfaction rating; none where the tickets table has no such column."""
    if "tickets" not in tables or "satisfaction" not in tables["tickets"].columns:
        return SurveyResponses.empty()
    rows = _fetch(tables_at(tables, cutoff)["tickets"], "satisfaction", "opened_at")
    return SurveyResponses(
        customer_ids=_texts(rows, "customer_id"), scores=_numbers(rows, "satisfaction"), days=_days(rows, "opened_at")
    )


def load_waits(tables: Tables, end: str, *, excluded: ExcludedRows, cutoff: date | None = None) -> Waits:
    """Hours from each ticket's opening to its `end` (first_answered_at, closed_at), for tickets that reached it."""
    if "tickets" not in tables or end not in tables["tickets"].columns:
        return Waits.empty()
    excluded.note_excluded(tables, "tickets")
    rows = _fetch(tables_at(tables, cutoff)["tickets"], "opened_at", end)
    ended = seconds(rows[end])
    hours = (ended - seconds(rows["opened_at"])).astype("timedelta64[s]").astype(np.float64) / 3600
    waits = Waits(customer_ids=_texts(rows, "customer_id"), hours=hours, days=_days(rows, "opened_at"))
    return waits.take(~np.isnat(ended))


def _fetch(table: ir.Table, *columns: str) -> pa.Table:
    """Fetch the customer and those of the columns that the table has; rows without a customer are dropped."""
    present = [name for name in columns if name in table.columns]
    return table.filter(table.customer_id.notnull()).select("customer_id", *present).to_pyarrow()


def _texts(rows: pa.Table, name: str) -> NDArray[np.str_]:
    return texts(rows[name]) if name in rows.column_names else np.full(len(rows), "")


def _days(rows: pa.Table, name: str) -> NDArray[np.datetime64]:
    return days(rows[name]) if name in rows.column_names else np.full(len(rows), np.datetime64("NaT", "D"))


def _numbers(rows: pa.Table, name: str) -> NDArray[np.float64]:
    return numbers(rows[name]) if name in rows.column_names else np.full(len(rows), np.nan)
