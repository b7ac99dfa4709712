"""Facts: a table's rows with the derived columns and the age that features read.

Derived columns, beside those of the table contract:

    purchases      occasion (one order), category (the item's, as known at the cutoff)
    customers      came_referred (1 for a customer who came through another), brought (1 for the customer who brought
                   them), both on the day on which the new customer joins
    usage          community (1 for `[report] community_events`), errors (the table's own; otherwise 1 where the event's
                   name contains "error")
    subscriptions  running, main (0 for an item beside the main plan), cancelling, mrr_step (change from the span
                   before), restarted, days_to_renewal, ended_age_days
    tickets        open, hours_to_answer, hours_to_close, newness (0 is the newest rated ticket)
    surveys        answered, newness (0 is the newest answer of its kind)
    contacts       opened, clicked, converted, opened_age_days
    points         earned, spent, expired, balance (its sum is what the customer has), remaining (what is left of earned
                   points), days_to_expiry
    preferences    said ("key: value"), newest (1 for the latest answer to its key)

Every fact also has

    event_time     when it happened, whatever the table calls that column
    age_days       local days before the cutoff: 1 is the day before it
    weekday        Monday is 0
    hour           0 to 23, local

Columns that count days are relative to the cutoff of the tables; in tables without a cutoff they are missing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.compiler.declaration import Measure, columns_of
from tables.contract import CONTRACT
from tables.currencies import convert_to_base_currency
from tables.episodes import mark_episodes
from tables.orders import add_occasion
from tables.points import read_ledger
from tables.subscription_spans import MAIN_ITEM
from tables.tables import Tables

EPOCH = date(1970, 1, 1)
DAY_SECONDS, HOUR_SECONDS = 86_400, 3_600

FILTERED = ("contacts", "customers")
"Tables of which `derive_columns` leaves rows out, or makes more of."


def customers_table(customer_ids: NDArray[np.str_]) -> ir.Table:
    """The cohort's customers with their `position` (0 to n - 1), for the engine to join."""
    positions = np.arange(len(customer_ids), dtype=np.int32)
    return ibis.memtable(pa.table({"customer_id": pa.array(customer_ids, pa.string()), "position": positions}))


def collect_facts(
    rows: ir.Table, customers: ir.Table, *, cutoff: date, measures: Iterable[Measure]
) -> AbstractContextManager[ir.Table]:
    """Join the customers' rows before the cutoff, with the columns that the measures read.

    `rows` come from `derive_columns`. The engine keeps the facts while the context is open.
    """
    needed = set[str]().union(*(columns_of(measure) for measure in measures))
    time: ir.Value = rows.event_time
    selected = rows.select(
        "customer_id",
        *sorted(needed - {"customer_id", "weekday", "hour"}),
        age_days=age_days(time, cutoff),
        weekday=time.day_of_week.index().cast("int8"),
        hour=time.hour().cast("int8"),
    )
    facts: ir.Table = selected.inner_join(customers, "customer_id").drop("customer_id")
    return facts.cache()


def history_days(tables: Tables, table: str, *, rows: ir.Table, facts: ir.Table, cutoff: date, enough: int) -> int:
    """How many local days before the cutoff the table's record begins, at most `enough`; 0 without a row.

    Counted when the table was opened, where no row is left out or recorded late. Otherwise the engine looks at the
    cohort's facts first, and reads all rows only where those do not reach back `enough` days.
    """
    report = tables.load_report(table)
    has_other_rows = table in FILTERED or tables.config.customer == "account" or report.n_line_versions > 0
    if not (has_other_rows or "recorded_time" in rows.columns):
        first = report.first.date() if report.first else cutoff
        return min(enough, max(0, (cutoff - first).days))
    ages: ir.Value = facts.age_days
    if (ages.max().to_pyarrow().as_py() or 0) >= enough:
        return enough
    times: ir.Value = rows.event_time
    first_time = times.min().to_pyarrow().as_py()
    return 0 if first_time is None else min(enough, max(0, (cutoff - first_time.date()).days))


def derive_columns(tables: Tables, table: str) -> ir.Table:
    """The table's rows with its derived columns, as far as the columns that those are made of are there."""
    rows: ir.Table = tables[table]
    happens_at = CONTRACT[table].happens_at
    if happens_at is not None and happens_at != "event_time":
        rows = rows.mutate(event_time=rows[happens_at])
    return FEATURE_TABLES[table](rows, tables)


def age_days(time: ir.Value, cutoff: date | None) -> ir.IntegerValue:
    """Local days from a time to the cutoff, int32: 1 is the day before it, 0 and less is not before it."""
    if cutoff is None:
        return ibis.null("int32")
    return ((cutoff - EPOCH).days - time.truncate("s").epoch_seconds() // DAY_SECONDS).cast("int32")


def _flag(condition: ir.Value) -> ir.IntegerValue:
    return ibis.ifelse(condition, 1, 0).cast("int8")


def _hours_between(start: ir.Value, end: ir.Value) -> ir.FloatingValue:
    seconds = end.truncate("s").epoch_seconds() - start.truncate("s").epoch_seconds()
    return seconds.cast("float64") / HOUR_SECONDS


def _derive_purchases(rows: ir.Table, tables: Tables) -> ir.Table:
    rows = add_occasion(convert_to_base_currency(rows, "amount", tables=tables))
    if "item_id" in rows.columns and "items" in tables and "category" in tables["items"].columns:
        items = tables["items"].select("item_id", "category")
        rows = rows.left_join(items, "item_id").drop("item_id_right")
    return rows


def _derive_customers(rows: ir.Table, tables: Tables) -> ir.Table:
    """A row when a customer joins, and one for the customer who brought them; none where accounts are the customers."""
    if not {"joined_at", "referred_by"} <= set(rows.columns) or tables.config.customer == "account":
        return rows.mutate(event_time=ibis.null("timestamp"))
    joined = rows.filter(rows.joined_at.notnull())
    is_referred = joined.referred_by.notnull() & (joined.referred_by != joined.customer_id)
    no, yes = (ibis.literal(flag, "int8") for flag in (0, 1))
    came = joined.select(
        "customer_id", event_time="joined_at", came_referred=_flag(is_referred.fill_null(False)), brought=no
    )
    brought = joined.filter(is_referred).select(
        customer_id="referred_by", event_time="joined_at", came_referred=no, brought=yes
    )
    return came.union(brought)


def _derive_usage(rows: ir.Table, tables: Tables) -> ir.Table:
    is_error = _flag(rows.event.lower().contains("error"))
    if tables.config.report.community_events:
        rows = rows.mutate(community=_flag(rows.event.isin(tables.config.report.community_events)))
    return rows.mutate(errors=rows.errors.coalesce(0) if "errors" in rows.columns else is_error)


def _derive_subscriptions(rows: ir.Table, tables: Tables) -> ir.Table:
    if "ended_at" not in rows.columns:
        rows = rows.mutate(ended_at=ibis.null("timestamp"))
    # Discounts and add-ons are part of the subscription that they belong to.
    is_main = rows.item == MAIN_ITEM if "item" in rows.columns else ibis.literal(True)
    rows = rows.mutate(main=_flag(is_main & (rows.mrr >= 0)))
    rows = mark_episodes(rows, grace_days=tables.config.churn.grace_days)
    rows = convert_to_base_currency(rows, "mrr", tables=tables)
    by_item = [name for name in ("customer_id", "subscription_id", "item") if name in rows.columns]
    by_subscription = ibis.window(group_by=by_item, order_by=["event_time", "mrr"])
    rows = rows.mutate(
        running=_flag(rows.ended_at.isnull()),
        ended_age_days=age_days(rows.ended_at, tables.cutoff),
        mrr_step=rows.mrr - ibis.coalesce(rows.mrr.lag().over(by_subscription), rows.mrr),
        restarted=_flag(rows.begins_episode & rows.lapsed_day.notnull()),
    )
    if "renews_at" in rows.columns:
        rows = rows.mutate(days_to_renewal=-age_days(rows.renews_at, tables.cutoff))
    if "cancel_requested_at" in rows.columns:
        rows = rows.mutate(cancelling=_flag(rows.cancel_requested_at.notnull()))
    return rows


def _derive_tickets(rows: ir.Table, tables: Tables) -> ir.Table:
    del tables
    if "first_answered_at" in rows.columns:
        rows = rows.mutate(hours_to_answer=_hours_between(rows.event_time, rows.first_answered_at))
    if "closed_at" in rows.columns:
        hours_to_close = _hours_between(rows.event_time, rows.closed_at)
        rows = rows.mutate(open=_flag(rows.closed_at.isnull()), hours_to_close=hours_to_close)
    return _rank_newest(rows, "satisfaction", per=["customer_id"]) if "satisfaction" in rows.columns else rows


def _derive_surveys(rows: ir.Table, tables: Tables) -> ir.Table:
    del tables
    rows = rows.mutate(kind=rows.kind.lower())
    if "score" not in rows.columns:
        return rows
    return _rank_newest(rows.mutate(answered=_flag(rows.score.notnull())), "score", per=["customer_id", "kind"])


def _rank_newest(rows: ir.Table, column: str, *, per: Collection[str]) -> ir.Table:
    """Add `newness`: 0 for the newest row of each group that has a value, 1 for the one before; missing without one."""
    marked = rows.mutate(has_value=rows[column].notnull())
    order = ibis.window(group_by=[*per, "has_value"], order_by=[ibis.desc("event_time"), ibis.desc(column)])
    numbered = marked.mutate(newness=ibis.row_number().over(order))
    newness = ibis.ifelse(numbered.has_value, numbered.newness, ibis.null("int64"))
    return numbered.mutate(newness=newness.cast("int32")).drop("has_value")


def _derive_contacts(rows: ir.Table, tables: Tables) -> ir.Table:
    rows = rows.filter(rows.treated)
    reactions = {"opened": "opened_at", "clicked": "clicked_at", "converted": "converted_at"}
    present = {name: column for name, column in reactions.items() if column in rows.columns}
    rows = rows.mutate(**{name: _flag(rows[column].notnull()) for name, column in present.items()})
    if "opened_at" in rows.columns:
        rows = rows.mutate(opened_age_days=age_days(rows.opened_at, tables.cutoff))
    return rows


def _derive_preferences(rows: ir.Table, tables: Tables) -> ir.Table:
    del tables
    order = ibis.window(group_by=["customer_id", "key"], order_by=[ibis.desc("event_time"), ibis.desc("value")])
    rows = rows.mutate(place=ibis.row_number().over(order), said=rows.key + ibis.literal(": ") + rows.value)
    return rows.mutate(newest=_flag(rows.place == 0)).drop("place")


def _derive_points(rows: ir.Table, tables: Tables) -> ir.Table:
    rows = read_ledger(rows, tables.config.loyalty.expiry_kinds)
    if "expires_at" not in rows.columns:
        return rows.mutate(balance=rows.points + rows.unrecorded)
    days_to_expiry = -age_days(rows.expires_at, tables.cutoff)
    lapsed = ibis.ifelse(days_to_expiry < 0, rows.remaining, 0.0)
    return rows.mutate(days_to_expiry=days_to_expiry, balance=rows.points + rows.unrecorded - lapsed)


FEATURE_TABLES: dict[str, Callable[[ir.Table, Tables], ir.Table]] = {
    "purchases": _derive_purchases,
    "customers": _derive_customers,
    "usage": _derive_usage,
    "subscriptions": _derive_subscriptions,
    "tickets": _derive_tickets,
    "surveys": _derive_surveys,
    "contacts": _derive_contacts,
    "preferences": _derive_preferences,
    "points": _derive_points,
}
"The tables that features read, each with what derives its columns."
