"""Who a customer is to us: since when, on which plan, with how many seats, and who looks after them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

from core.errors import NotFound
from core.window import Window
from features.cohort import running_at
from tables.engines.arrays import within
from tables.tables import Tables

KNOWN_BY = {"subscriptions": "started_at", "purchases": "event_time", "usage": "event_time"}


@dataclass(frozen=True)
class Standing:
    """One customer."""

    since: date | None
    "Their first day on record."
    plan: str
    "Of the running subscription that costs most; '' where none runs."
    seats: int | None
    n_people: int | None
    "Different people with usage in the window; None where nobody tells them apart."
    renews_on: date | None
    "The next renewal that lies ahead."
    owner: str
    "Who looks after the account; '' where nobody says."


def standing_of(tables: Tables, known: Tables, customer_id: str, window: Window) -> Standing:
    """Look a customer up. Raises NotFound where no table knows them."""
    since = _since(known, customer_id)
    if since is None:
        raise NotFound(_unknown(tables, customer_id, window.end))
    running = _running(known, customer_id, window.end)
    leading = running[0] if running else {}
    seats = [row["seats"] for row in running if row.get("seats") is not None]
    ahead = [row["renews_at"].date() for row in running if row.get("renews_at") is not None]
    return Standing(
        since=since,
        plan=leading.get("plan", ""),
        seats=int(sum(seats)) if seats else None,
        n_people=_people(known, customer_id, window),
        renews_on=min((day for day in ahead if day >= window.end), default=None),
        owner=_owner(known, customer_id),
    )


def _since(known: Tables, customer_id: str) -> date | None:
    firsts = []
    for name, time in KNOWN_BY.items():
        if name in known:
            rows: ir.Table = known[name]
            first = rows.filter(rows.customer_id == customer_id)[time].min().to_pyarrow().as_py()
            firsts += [first.date()] if first is not None else []
    return min(firsts, default=None)


def _running(known: Tables, customer_id: str, day: date) -> list[dict[str, Any]]:
    """Running subscriptions, the most expensive first."""
    if "subscriptions" not in known:
        return []
    spans: ir.Table = known["subscriptions"]
    mine = spans.filter((spans.customer_id == customer_id) & running_at(spans, day))
    return mine.order_by([ibis.desc("mrr"), "subscription_id"]).to_pyarrow().to_pylist()


def _people(known: Tables, customer_id: str, window: Window) -> int | None:
    if "usage" not in known or "person_id" not in known["usage"].columns:
        return None
    usage: ir.Table = known["usage"]
    mine = usage.filter((usage.customer_id == customer_id) & within(usage.event_time, window))
    return int(mine.person_id.nunique().to_pyarrow().as_py())


def _owner(known: Tables, customer_id: str) -> str:
    if known.config.customer != "account" or "accounts" not in known or "owner" not in known["accounts"].columns:
        return ""
    accounts: ir.Table = known["accounts"]
    found = accounts.filter(accounts.account_id == customer_id).select("owner").to_pyarrow()["owner"].to_pylist()
    return (found[0] or "") if found else ""


def _unknown(tables: Tables, customer_id: str, day: date) -> str:
    """What to say of an id that is no customer's; a person of an account is sent there."""
    if tables.config.customer == "account":
        people: ir.Table = tables.latest()["customers"]
        found = people.filter(people.customer_id == customer_id).to_pyarrow().to_pylist()
        if found and found[0].get("account_id"):
            account = found[0]["account_id"]
            return (
                f"'{customer_id}' is a person of the account '{account}'; letters go to accounts: --customer {account}"
            )
    tables_named = ", ".join(name for name in KNOWN_BY if name in tables)
    return f"no customer '{customer_id}' before {day}; ids are those of customer_id in {tables_named}"
