"""Responses to contacts that come too late to count, or before their contact.

    contact                answer_days          response_days of the campaign
    |--------------------------|--------------------------|
 x           counts                 late for the offer       late for its campaign, too
 before: it may belong to another contact

A customer's days to respond to a campaign begin with the first of its contacts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import ibis
import ibis.expr.types as ir
from ibis import _

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from features.check.marks import fetch_one
from tables.tables import Tables

CONVERTED = "converted_at"
LATE = {CONVERTED: "late_conversions", "unsubscribed_at": "late_unsubscriptions"}
"Responses that count within `[offers] answer_days`, with the kind of their finding."
RESPONSES = ("opened_at", "clicked_at", *LATE)
ANSWER_DAYS = "[offers] answer_days"
SERIOUS_SHARE = 0.1
"Share of late or early responses from which the days to respond, or the column, are probably wrong."
USUAL_SHARE = 0.9
DAY_SECONDS = 86_400


def find(data: CheckedData) -> Iterator[Finding]:
    """For each kind of response at most one finding of those that are late, and one of those that are early."""
    tables = data.tables
    if tables is None or "contacts" not in tables:
        return
    contacts = tables.latest()["contacts"]
    contacts = contacts.filter(contacts.customer_id.notnull(), contacts.event_time.notnull())
    for column in (name for name in RESPONSES if name in contacts.columns):
        if column in LATE:
            yield from _find_late(contacts, column, answer_days=tables.config.offers.answer_days)
        yield from _find_early(contacts, column)
    if {CONVERTED, "campaign_id"} <= set(contacts.columns) and tables.config.campaigns:
        yield from _find_late_for_campaigns(tables, contacts)


def _find_late(contacts: ir.Table, column: str, *, answer_days: int) -> Iterator[Finding]:
    answered = contacts.filter(_.treated, contacts[column].notnull())
    rows = answered.select("customer_id", delay=_days_between(answered.event_time, answered[column]))
    yield from _count(LATE[column], rows, column=column, is_marked=rows.delay >= answer_days, setting=ANSWER_DAYS)


def _find_early(contacts: ir.Table, column: str) -> Iterator[Finding]:
    """A response of the day before the contact is none: clocks may differ, and days have no time."""
    answered = contacts.filter(contacts[column].notnull())
    rows = answered.select("customer_id", delay=_days_between(answered.event_time, answered[column]))
    yield from _count("early_responses", rows, column=column, is_marked=rows.delay < -1)


def _find_late_for_campaigns(tables: Tables, contacts: ir.Table) -> Iterator[Finding]:
    """Conversions after the days to respond of a campaign of the TOML, counted from its first contact."""
    days = {name: campaign.n_response_days for name, campaign in tables.config.campaigns.items()}
    made = contacts.filter(_.campaign_id.isin(list(days)))
    firsts = made.group_by(["campaign_id", "customer_id"]).aggregate(
        entered_at=_.event_time.min(), answered_at=_[CONVERTED].min()
    )
    answered = firsts.filter(_.answered_at.notnull())
    rows = answered.select(
        "campaign_id",
        "customer_id",
        delay=_days_between(answered.entered_at, answered.answered_at),
        window=ibis.cases(*((answered.campaign_id == name, n) for name, n in days.items()), else_=0),
    )
    is_late = rows.delay >= rows.window
    first = fetch_one(rows.filter(is_late).aggregate(name=_.campaign_id.min()))["name"]
    if first is not None:
        yield from _count(
            "late_for_campaign", rows, column=CONVERTED, is_marked=is_late, setting=f"[campaigns.{first}] response_days"
        )


def _days_between(start: ir.Value, end: ir.Value) -> ir.Value:
    def count_seconds(moment: ir.Value) -> ir.Value:
        return moment.cast("timestamp").truncate("s").epoch_seconds()

    return (count_seconds(end) - count_seconds(start)) / DAY_SECONDS


def _count(
    kind: str, rows: ir.Table, *, column: str, is_marked: ir.Value, setting: str | None = None
) -> Iterator[Finding]:
    customer = ibis.ifelse(is_marked, rows.customer_id, ibis.null("string"))
    row = fetch_one(
        rows.aggregate(
            n=rows.count(),
            marked=customer.count(),
            example=customer.min(),
            first=rows.delay.min(),
            last=rows.delay.max(),
            usual=rows.delay.quantile(USUAL_SHARE),
        )
    )
    if row["marked"]:
        yield Finding(
            kind=kind,
            severity=Severity.WARNING if row["marked"] > SERIOUS_SHARE * row["n"] else Severity.NOTE,
            table="contacts",
            column=column,
            count=int(row["marked"]),
            of=int(row["n"]),
            example=row["example"],
            setting=setting,
            values={
                "before": math.ceil(max(-row["first"], 0)),
                "latest": math.floor(row["last"]),
                "usual": max(math.floor(row["usual"]) + 1, 1),
            },
        )


CHECK = Check(find=find)
