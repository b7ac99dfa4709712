"""The profile of one customer: since when, on which plan, with how many seats, and who owns the account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

from core.errors import NotFound
from core.window import Window
from tables.engines.arrays import within
from tables.episodes import running_at
from tables.tables import Tables

FIRST_SEEN_IN = {"subscriptions": "started_at", "purchases": "event_time", "usage": "event_time"}
"Tables in which a customer appears, with the column of the time."


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
        raise NotFound(_explain_not_found(tables, customer_id, window.end))
    running = _running_subscriptions(tables_then, customer_id, window.end)
    most_expensive = running[0] if running else {}
    seats = [row["seats"] for row in running if row.get("seats") is not None]
    renewals = [row["renews_at"].date() for row in running if row.get("renews_at") is not None]
    return CustomerProfile(
        since=since,
        plan=most_expensive.get("plan", ""),
        seats=int(sum(seats)) if seats else None,
        n_people=_count_people(tables_then, customer_id, window),
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


def _running_subscriptions(tables: Tables, customer_id: str, day: date) -> list[dict[str, Any]]:
    """Running subscriptions, the most expensive first."""
    if "subscriptions" not in tables:
        return []
    spans: ir.Table = tables["subscriptions"]
    running = spans.filter((spans.customer_id == customer_id) & running_at(spans, day))
    return running.order_by([ibis.desc("mrr"), "subscription_id"]).to_pyarrow().to_pylist()


def _count_people(tables: Tables, customer_id: str, window: Window) -> int | None:
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


def _explain_not_found(tables: Tables, customer_id: str, day: date) -> str:
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
