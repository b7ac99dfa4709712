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

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.errors import BadInput
from core.window import Window
from insights.letter.customer_profile import CustomerProfile, load_profile
from insights.letter.habits import Habit, load_habits, purchases_without_returns
from insights.letter.similar_customers import SimilarCustomers, find_similar
from tables.consents import customers_refusing
from tables.engines.arrays import seconds, within
from tables.tables import Tables

YEAR_DAYS = 365


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


def build_health_check(tables: Tables, customer_id: str, cutoff: date | None = None) -> HealthCheck:
    """Look up one customer. Raises NotFound for an unknown one, BadInput for a customer who opted out of contact."""
    day = cutoff or tables.default_cutoff()
    tables_then = tables.at(day)
    window = Window.lookback(day, tables.config.active_days)
    profile = load_profile(tables, customer_id, tables_then=tables_then, window=window)
    if customer_id in customers_refusing(tables, "contact", cutoff=day):
        raise BadInput(f"'{customer_id}' has refused to be contacted (see consents); no letter was written")
    habits = load_habits(tables_then, window)
    similar = find_similar(tables_then, customer_id, profile=profile, habits=habits, day=day)
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
        n_days_active=_count_active_days(tables_then, customer_id, window),
        support=_load_support(tables_then, customer_id, day),
    )


def _count_active_days(tables: Tables, customer_id: str, window: Window) -> int:
    rows: ir.Table = tables["usage"] if "usage" in tables else purchases_without_returns(tables)
    of_customer = rows.filter((rows.customer_id == customer_id) & within(rows.event_time, window))
    return int(of_customer.event_time.truncate("D").nunique().to_pyarrow().as_py())


def _load_support(tables: Tables, customer_id: str, day: date) -> Support | None:
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
