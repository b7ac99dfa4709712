"""From a company's tables to the arrays that figures are worked out on; rows that would corrupt a figure stay out.

What is wrong with a row is declared in `features.conforming`, so features leave out the same ones. They are counted by
cause, so that a report can say so: a span that ends before it starts, an NPS of 11, a ticket closed before it opened.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from insights.finance.buying import PurchaseDays
from insights.finance.feedback import SurveyResponses, Waits
from insights.finance.money import Money
from insights.finance.mrr import SubscriptionSpans
from tables.engines.arrays import days, midnight, numbers, seconds, texts
from tables.tables import Tables


@dataclass(frozen=True)
class ExcludedRows:
    """How many rows of each table stay out of the figures, by cause."""

    counts: dict[str, int] = field(default_factory=dict)

    def note(self, cause: str, rows: np.ndarray) -> np.ndarray:
        """Count the rows of a mask under a cause, and return the others as a mask."""
        if rows.any():
            self.counts[cause] = self.counts.get(cause, 0) + int(rows.sum())
        return ~rows

    def note_excluded(self, tables: Tables, name: str) -> None:
        """Count what was set aside of a table when it was read, as 'table: column: cause'."""
        for cause, rows in tables.load_report(name).excluded.items():
            self.counts[f"{name}: {cause}"] = rows


def known_until(tables: Tables, as_of: date | None) -> Tables:
    """What was known before midnight of a day; everything recorded where no day is given."""
    return tables.latest() if as_of is None else tables.at(as_of)


def load_spans(tables: Tables, left_out: ExcludedRows, as_of: date | None = None) -> SubscriptionSpans:
    """Every usable span as known on a day; none where there is no subscriptions table."""
    if "subscriptions" not in tables:
        return SubscriptionSpans(*(np.empty(0, kind) for kind in ("U1", "U1", "M8[D]", "M8[D]", float, "U1")))
    left_out.note_excluded(tables, "subscriptions")
    known = known_until(tables, as_of)["subscriptions"]
    found = _fetched(known, "plan", "started_at", "ended_at", "mrr", "currency", "margin_rate")
    return SubscriptionSpans(
        _words(found, "customer_id"), _words(found, "plan"), _days(found, "started_at"), _days(found, "ended_at"),
        _numbers(found, "mrr"), np.char.upper(_words(found, "currency")), _numbers(found, "margin_rate"),
    )  # fmt: skip


def load_orders(
    tables: Tables, money: Money, left_out: ExcludedRows, as_of: date | None = None, until: date | None = None
) -> PurchaseDays:
    """Purchase days of known customers with what they bought less what they returned; none without purchases.

    Another currency is converted at the rate of the purchase's month. Raises DataError without one. What was bought
    since `until` stays out, so that nobody needs the rate of a month that still runs.
    """
    if "purchases" not in tables:
        return PurchaseDays(np.empty(0, "U1"), np.empty(0, "M8[D]"), np.empty(0))
    lines: ir.Table = known_until(tables, as_of)["purchases"]
    currency = lines.currency.upper().fill_null("") if "currency" in lines.columns else ibis.literal("")
    if until is not None:
        lines = lines.filter(lines.event_time < midnight(until))
    daily = lines.mutate(day=lines.event_time.truncate("D"), currency=currency)
    summed = daily.group_by(["customer_id", "day", "currency"]).aggregate(amount=daily.amount.sum(), n=daily.count())
    found = summed.order_by(["customer_id", "day", "currency"]).to_pyarrow()
    nobody = found["customer_id"].is_null().to_numpy()
    left_out.note("purchases: no customer", np.repeat(nobody, found["n"].to_numpy()))
    orders = PurchaseDays(_words(found, "customer_id"), _days(found, "day"), _numbers(found, "amount")).take(~nobody)
    currencies = _words(found, "currency")[~nobody]
    orders = orders if (currencies == "").all() else _converted(orders, currencies, money)
    return orders.take(left_out.note("purchases: days with no more bought than returned", orders.amounts <= 0))


def _converted(orders: PurchaseDays, currencies: np.ndarray, money: Money) -> PurchaseDays:
    """Orders in the base currency, one a customer and day."""
    months, amounts = orders.days.astype("datetime64[M]"), orders.amounts.copy()
    for month in np.unique(months):
        rows = months == month
        amounts[rows] *= money.rates_in(currencies[rows], month)
    again = (orders.customer_ids[1:] == orders.customer_ids[:-1]) & (orders.days[1:] == orders.days[:-1])
    starts = np.flatnonzero(np.append(True, ~again))
    return PurchaseDays(orders.customer_ids[starts], orders.days[starts], np.add.reduceat(amounts, starts))


def load_survey_responses(
    tables: Tables, kind: str, left_out: ExcludedRows, as_of: date | None = None
) -> SurveyResponses:
    """Every survey of a kind (nps, csat) that was sent; none without a surveys table."""
    if "surveys" not in tables:
        return SurveyResponses(np.empty(0, "U1"), np.empty(0), np.empty(0, "M8[D]"))
    left_out.note_excluded(tables, "surveys")
    surveys: ir.Table = known_until(tables, as_of)["surveys"]
    found = _fetched(surveys.filter(surveys.kind.lower() == kind), "score", "event_time")
    return SurveyResponses(_words(found, "customer_id"), _numbers(found, "score"), _days(found, "event_time"))


def load_ticket_ratings(tables: Tables, as_of: date | None = None) -> SurveyResponses:
    """What customers thought of each ticket that was closed; none where tickets do not say."""
    if "tickets" not in tables or "satisfaction" not in tables["tickets"].columns:
        return SurveyResponses(np.empty(0, "U1"), np.empty(0), np.empty(0, "M8[D]"))
    found = _fetched(known_until(tables, as_of)["tickets"], "satisfaction", "opened_at")
    return SurveyResponses(_words(found, "customer_id"), _numbers(found, "satisfaction"), _days(found, "opened_at"))


def load_waits(tables: Tables, until: str, left_out: ExcludedRows, as_of: date | None = None) -> Waits:
    """Hours from each ticket's opening to a moment (first_answered_at, closed_at) that has come."""
    if "tickets" not in tables or until not in tables["tickets"].columns:
        return Waits(np.empty(0, "U1"), np.empty(0), np.empty(0, "M8[D]"))
    left_out.note_excluded(tables, "tickets")
    found = _fetched(known_until(tables, as_of)["tickets"], "opened_at", until)
    reached = seconds(found[until])
    waited = (reached - seconds(found["opened_at"])).astype("timedelta64[s]").astype(np.float64) / 3600
    return Waits(_words(found, "customer_id"), waited, _days(found, "opened_at")).take(~np.isnat(reached))


def _fetched(table: ir.Table, *columns: str) -> pa.Table:
    there = [name for name in columns if name in table.columns]
    return table.filter(table.customer_id.notnull()).select("customer_id", *there).to_pyarrow()


def _words(found: pa.Table, name: str) -> np.ndarray:
    return texts(found[name]) if name in found.column_names else np.full(len(found), "")


def _days(found: pa.Table, name: str) -> np.ndarray:
    return days(found[name]) if name in found.column_names else np.full(len(found), np.datetime64("NaT", "D"))


def _numbers(found: pa.Table, name: str) -> np.ndarray:
    return numbers(found[name]) if name in found.column_names else np.full(len(found), np.nan)
