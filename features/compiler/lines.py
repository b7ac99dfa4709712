"""A table's lines with what features read of them beside the contract's columns.

    purchases      occasion (one order), category (of its item, as known at the cutoff)
    usage          errors (the table's own; else 1 where the event is called so)
    subscriptions  running, mrr_step (against the span before it), restarted, days_to_renewal, ended_age_days
    tickets        open, hours_to_answer, hours_to_close, newness (0 is the newest rated one)
    surveys        answered, newness (0 is the newest answer of its kind)
    contacts       opened, clicked, converted, opened_age_days
    preferences    said ("key: value"), newest (the last word on its key)

Every line has its `event_time`, whatever the table calls it. What is told in
days is counted to the cutoff of the tables; in tables as of today it is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import ibis.expr.types as ir

from tables.contract import CONTRACT
from tables.currencies import in_base_currency
from tables.engines.expressions import Expression, ibis
from tables.tables import Tables

EPOCH = date(1970, 1, 1)
DAY_SECONDS, HOUR_SECONDS = 86_400, 3_600
NEVER_ENDS = datetime(9999, 1, 1)


def lines_of(known: Tables, table: str) -> ir.Table:
    """The table's lines with the columns above, as far as the contract's columns that they need are there."""
    lines: Expression = known[table]
    happens_at = CONTRACT[table].happens_at
    if happens_at != "event_time":
        lines = lines.mutate(event_time=lines[happens_at])
    return DERIVED[table](lines, known)


def age_days(time: Expression, cutoff: date | None) -> Expression:
    """Local days from a time to the cutoff, int32: 1 is the day before it, 0 and less is not before it."""
    if cutoff is None:
        return ibis.null("int32")
    return ((cutoff - EPOCH).days - time.truncate("s").epoch_seconds() // DAY_SECONDS).cast("int32")


def _flag(truth: Expression) -> Expression:
    return ibis.ifelse(truth, 1, 0).cast("int8")


def _hours(start: Expression, end: Expression) -> Expression:
    seconds = end.truncate("s").epoch_seconds() - start.truncate("s").epoch_seconds()
    return seconds.cast("float64") / HOUR_SECONDS


def _purchases(lines: Expression, known: Tables) -> ir.Table:
    lines = in_base_currency(lines, "amount", known)
    moment = lines.event_time
    occasion = lines.order_id.coalesce(moment.cast("string")) if "order_id" in lines.columns else moment
    lines = lines.mutate(occasion=occasion)
    if "item_id" in lines.columns and "items" in known and "category" in known["items"].columns:
        items = known["items"].select("item_id", "category")
        lines = lines.left_join(items, "item_id").drop("item_id_right")
    return lines


def _usage(lines: Expression, known: Tables) -> ir.Table:
    del known
    called_so = _flag(lines.event.lower().contains("error"))
    return lines.mutate(errors=lines.errors.coalesce(0) if "errors" in lines.columns else called_so)


def _subscriptions(lines: Expression, known: Tables) -> ir.Table:
    if "ended_at" not in lines.columns:
        lines = lines.mutate(ended_at=ibis.null("timestamp"))
    lines = in_base_currency(lines, "mrr", known)
    until = ibis.coalesce(lines.ended_at, ibis.literal(NEVER_ENDS, "timestamp"))
    lines = lines.mutate(until=until)
    stepped = ibis.window(group_by=["customer_id", "subscription_id"], order_by=["event_time", "mrr"])
    so_far = ibis.cumulative_window(group_by="customer_id", order_by=["event_time", "subscription_id", "mrr"])
    lines = lines.mutate(
        running=_flag(lines.ended_at.isnull()),
        ended_age_days=age_days(lines.ended_at, known.cutoff),
        mrr_step=lines.mrr - ibis.coalesce(lines.mrr.lag().over(stepped), lines.mrr),
        served_until=lines.until.max().over(so_far),
    )
    in_order = ibis.window(group_by="customer_id", order_by=["event_time", "subscription_id", "mrr"])
    before = lines.served_until.lag().over(in_order)
    lines = lines.mutate(restarted=_flag(before.notnull() & (before < lines.event_time)))
    if "renews_at" in lines.columns:
        lines = lines.mutate(days_to_renewal=-age_days(lines.renews_at, known.cutoff))
    if "cancel_requested_at" in lines.columns:
        lines = lines.mutate(cancelling=_flag(lines.cancel_requested_at.notnull()))
    return lines


def _tickets(lines: Expression, known: Tables) -> ir.Table:
    del known
    if "first_answered_at" in lines.columns:
        lines = lines.mutate(hours_to_answer=_hours(lines.event_time, lines.first_answered_at))
    if "closed_at" in lines.columns:
        took = _hours(lines.event_time, lines.closed_at)
        lines = lines.mutate(open=_flag(lines.closed_at.isnull()), hours_to_close=took)
    return _newest(lines, "satisfaction", ["customer_id"]) if "satisfaction" in lines.columns else lines


def _surveys(lines: Expression, known: Tables) -> ir.Table:
    del known
    lines = lines.mutate(kind=lines.kind.lower())
    if "score" not in lines.columns:
        return lines
    return _newest(lines.mutate(answered=_flag(lines.score.notnull())), "score", ["customer_id", "kind"])


def _newest(lines: Expression, column: str, of: list[str]) -> ir.Table:
    """`newness`: 0 for the newest line of each group with a value, 1 for the one before, missing without a value."""
    has = lines.mutate(has_value=lines[column].notnull())
    order = ibis.window(group_by=[*of, "has_value"], order_by=[ibis.desc("event_time"), ibis.desc(column)])
    numbered = has.mutate(newness=ibis.row_number().over(order))
    newness = ibis.ifelse(numbered.has_value, numbered.newness, ibis.null("int64"))
    return numbered.mutate(newness=newness.cast("int32")).drop("has_value")


def _contacts(lines: Expression, known: Tables) -> ir.Table:
    lines = lines.filter(lines.treated)
    reactions = {"opened": "opened_at", "clicked": "clicked_at", "converted": "converted_at"}
    there = {name: column for name, column in reactions.items() if column in lines.columns}
    lines = lines.mutate(**{name: _flag(lines[column].notnull()) for name, column in there.items()})
    if "opened_at" in lines.columns:
        lines = lines.mutate(opened_age_days=age_days(lines.opened_at, known.cutoff))
    return lines


def _preferences(lines: Expression, known: Tables) -> ir.Table:
    del known
    order = ibis.window(group_by=["customer_id", "key"], order_by=[ibis.desc("event_time"), ibis.desc("value")])
    lines = lines.mutate(place=ibis.row_number().over(order), said=lines.key + ibis.literal(": ") + lines.value)
    return lines.mutate(newest=_flag(lines.place == 0)).drop("place")


DERIVED: dict[str, Callable[[Expression, Tables], ir.Table]] = {
    "purchases": _purchases,
    "usage": _usage,
    "subscriptions": _subscriptions,
    "tickets": _tickets,
    "surveys": _surveys,
    "contacts": _contacts,
    "preferences": _preferences,
}
"The tables that features are computed from."
