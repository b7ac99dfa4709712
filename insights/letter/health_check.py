"""The health check (健康診断) of one customer: what they use, what they do not use yet, and what similar customers use.

It is written to be sent to the customer: it covers usage, seats, support and next steps, and never a churn risk.

    window           |<------- active_days ------->| cutoff
    used             dashboards, exports
    similar          same plan, similar seats, subscribed for at least a year
    not used yet     reports: 72 % of the similar customers use it
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.errors import BadInput, NotFound
from core.window import Window
from insights.letter.habits import Habit, SimilarCustomers, find_similar, load_habits, purchases_without_returns
from tables.consents import customers_refusing
from tables.engines.arrays import seconds, within
from tables.episodes import running_at
from tables.tables import Tables

FIRST_SEEN_IN = {"subscriptions": "started_at", "purchases": "event_time", "usage": "event_time"}
"Tables in which a customer appears, with the column of the time."
YEAR_DAYS = 365


@dataclass(frozen=True, kw_only=True)
class CustomerProfile:
    """One customer."""

    since: date | None
    "The first recorded day."
    plan: str
    "Of the most expensive running subscription; '' without one."
    seats: int | None
    n_people: int | None
    "Distinct people with usage in the window; None where usage does not name people."
    renews_on: date | None
    "The next renewal ahead."
    owner: str
    "Of the account; '' where the accounts table names no owner."


def load_profile(tables: Tables, customer_id: str, *, tables_then: Tables, window: Window) -> CustomerProfile:
    """Look up a customer; `tables_then` are the tables as known at the window's end.

    Raises NotFound where no table has the customer.
    """
    since = _first_day(tables_then, customer_id)
    if since is None:
        raise NotFound(_explain_not_found(tables, customer_id, day=window.end))
    running = _running_subscriptions(tables_then, customer_id, day=window.end)
    most_expensive = running[0] if running else {}
    seats = [row["seats"] for row in running if row.get("seats") is not None]
    renewals = [row["renews_at"].date() for row in running if row.get("renews_at") is not None]
    return CustomerProfile(
        since=since,
        plan=most_expensive.get("plan", ""),
        seats=int(sum(seats)) if seats else None,
        n_people=_count_people(tables_then, customer_id, window=window),
        renews_on=min((day for day in renewals if day >= window.end), default=None),
        owner=_owner(tables_then, customer_id),
    )


def _first_day(tables: Tables, customer_id: str) -> date | None:
    first_days = []
    for name, time in FIRST_SEEN_IN.items():
        if name in tables:
            rows: ir.Table = tables[name]
            first = rows.filter(rows.customer_id == customer_id)[time].min().to_pyarrow().as_py()
            first_days += [first.date()] if first is not None else []
    return min(first_days, default=None)


def _running_subscriptions(tables: Tables, customer_id: str, *, day: date) -> list[dict[str, Any]]:
    """Running subscriptions, the most expensive first."""
    if "subscriptions" not in tables:
        return []
    spans: ir.Table = tables["subscriptions"]
    running = spans.filter((spans.customer_id == customer_id) & running_at(spans, day))
    return running.order_by([ibis.desc("mrr"), "subscription_id"]).to_pyarrow().to_pylist()


def _count_people(tables: Tables, customer_id: str, *, window: Window) -> int | None:
    if "usage" not in tables or "person_id" not in tables["usage"].columns:
        return None
    usage: ir.Table = tables["usage"]
    of_customer = usage.filter((usage.customer_id == customer_id) & within(usage.event_time, window))
    return int(of_customer.person_id.nunique().to_pyarrow().as_py())


def _owner(tables: Tables, customer_id: str) -> str:
    if tables.config.customer != "account" or "accounts" not in tables or "owner" not in tables["accounts"].columns:
        return ""
    accounts: ir.Table = tables["accounts"]
    owners = accounts.filter(accounts.account_id == customer_id).select("owner").to_pyarrow()["owner"].to_pylist()
    return (owners[0] or "") if owners else ""


def _explain_not_found(tables: Tables, customer_id: str, *, day: date) -> str:
    """The message for an unknown id; for a person of an account it names the account."""
    if tables.config.customer == "account":
        people: ir.Table = tables.latest()["customers"]
        rows = people.filter(people.customer_id == customer_id).to_pyarrow().to_pylist()
        if rows and rows[0].get("account_id"):
            account = rows[0]["account_id"]
            return (
                f"'{customer_id}' is a person of the account '{account}'; letters go to accounts: --customer {account}"
            )
    names = ", ".join(name for name in FIRST_SEEN_IN if name in tables)
    return f"no customer '{customer_id}' before {day}; ids are those of customer_id in {names}"


@dataclass(frozen=True, kw_only=True)
class Support:
    """A customer's support tickets of the past year."""

    opened: int
    answered: int
    open: int
    "Not closed yet."
    hours_to_answer: float
    "Median hours to the first response; NaN without one."


@dataclass(frozen=True, kw_only=True)
class HealthCheck:
    """The contents of the letter."""

    customer_id: str
    is_account: bool
    "Whether the customer is a company, not a person."
    cutoff: date
    days: int
    "Length of the window."
    profile: CustomerProfile
    contact: str
    "Who signs the letter; '' without an owner."
    n_used: int
    "Number of different things used or bought."
    used: tuple[Habit, ...]
    "The most frequent ones."
    unused: tuple[Habit, ...]
    "What similar customers use and the customer does not, most common first."
    similar: SimilarCustomers
    are_purchases: bool
    "Whether habits are items bought instead of features used."
    n_days_active: int
    "Days with usage, or with an order."
    support: Support | None
    "None without a tickets table."


def build_health_check(tables: Tables, customer_id: str, *, cutoff: date | None = None) -> HealthCheck:
    """Look up one customer. Raises NotFound for an unknown one, BadInput for a customer who opted out of contact."""
    day = cutoff or tables.default_cutoff()
    tables_then = tables.at(day)
    window = Window.lookback(day, tables.config.active_days)
    profile = load_profile(tables, customer_id, tables_then=tables_then, window=window)
    if customer_id in customers_refusing(tables, "contact", cutoff=day):
        raise BadInput(f"'{customer_id}' has refused to be contacted (see consents); no letter was written")
    habits = load_habits(tables_then, window)
    similar = find_similar(tables_then, customer_id, plan=profile.plan, seats=profile.seats, habits=habits, day=day)
    return HealthCheck(
        customer_id=customer_id,
        is_account=tables.config.customer == "account",
        cutoff=day,
        days=window.days,
        profile=profile,
        contact=tables.config.report.contacts.get(profile.owner, profile.owner),
        n_used=habits.count(customer_id),
        used=habits.of(customer_id, similar.customer_ids),
        unused=habits.suggest(customer_id, similar.customer_ids),
        similar=similar,
        are_purchases=habits.are_purchases,
        n_days_active=_count_active_days(tables_then, customer_id, window=window),
        support=_load_support(tables_then, customer_id, day=day),
    )


def _count_active_days(tables: Tables, customer_id: str, *, window: Window) -> int:
    rows: ir.Table = tables["usage"] if "usage" in tables else purchases_without_returns(tables)
    of_customer = rows.filter((rows.customer_id == customer_id) & within(rows.event_time, window))
    return int(of_customer.event_time.truncate("D").nunique().to_pyarrow().as_py())


def _load_support(tables: Tables, customer_id: str, *, day: date) -> Support | None:
    if "tickets" not in tables:
        return None
    tickets: ir.Table = tables["tickets"]
    year = Window.lookback(day, YEAR_DAYS)
    rows = tickets.filter((tickets.customer_id == customer_id) & within(tickets.opened_at, year)).to_pyarrow()
    opened_at, closed_at = seconds(rows["opened_at"]), _times(rows, "closed_at")
    answered_at = _times(rows, "first_answered_at")
    hours = (answered_at - opened_at).astype("timedelta64[s]").astype(np.float64) / 3600
    waited = hours[~np.isnat(answered_at) & (hours >= 0)]
    return Support(
        opened=len(opened_at),
        answered=int((~np.isnat(answered_at) | ~np.isnat(closed_at)).sum()),
        open=int(np.isnat(closed_at).sum()) if "closed_at" in rows.column_names else 0,
        hours_to_answer=float(np.median(waited)) if len(waited) else float("nan"),
    )


def _times(rows: pa.Table, name: str) -> NDArray[np.datetime64]:
    """A column of times; NaT everywhere without such a column."""
    return seconds(rows[name]) if name in rows.column_names else np.full(len(rows), np.datetime64("NaT", "s"))
