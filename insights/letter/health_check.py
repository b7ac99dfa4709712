"""The health check of one customer (健康診断): what they use, what they do not, and what others like them use.

It is written to be sent: it tells of use, seats, answers and next steps, and of nobody's risk.

    window           |<------- active_days ------->| as_of
    used             dashboards, exports
    like them        same plan, similar seats, subscribed for a year or longer
    not used yet     reports: 72 % of those like them use it
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from core.errors import BadInput
from core.window import Window
from insights.letter.comparable_customers import Likes, likes_of
from insights.letter.customer_profile import Standing, standing_of
from insights.letter.habits import Habit, bought_in, habits_of
from tables.consents import customers_refusing
from tables.engines.arrays import seconds, within
from tables.tables import Tables

YEAR_DAYS = 365


@dataclass(frozen=True)
class Support:
    """The questions that a customer asked in the past year."""

    opened: int
    answered: int
    open: int
    "Not closed yet."
    hours_to_answer: float
    "Median; NaN without an answer."


@dataclass(frozen=True)
class HealthCheck:
    """What the letter tells."""

    customer_id: str
    is_account: bool
    "Whether it is a firm, and no person."
    as_of: date
    days: int
    "How far it looks back."
    standing: Standing
    n_used: int
    "How many different things they use or buy."
    used: tuple[Habit, ...]
    "The most frequent of them."
    unused: tuple[Habit, ...]
    "What they do not use and others like them do, most used first."
    likes: Likes
    of_goods: bool
    "Whether habits are goods bought instead of features used."
    n_days_active: int
    "Days with usage, or with an order."
    support: Support | None
    "None where no tickets are recorded."


def health_check(tables: Tables, customer_id: str, as_of: date | None = None) -> HealthCheck:
    """Look one customer up. Raises NotFound for an unknown one and BadInput for one who refused to be contacted."""
    day = as_of or tables.default_cutoff()
    known = tables.at(day)
    window = Window.lookback(day, tables.config.active_days)
    standing = standing_of(tables, known, customer_id, window)
    if customer_id in customers_refusing(tables, "contact", cutoff=day):
        raise BadInput(f"'{customer_id}' has refused to be contacted (see consents); no letter was written")
    habits = habits_of(known, window)
    likes = likes_of(known, customer_id, standing, habits, day)
    return HealthCheck(
        customer_id=customer_id,
        is_account=tables.config.customer == "account",
        as_of=day,
        days=window.days,
        standing=standing,
        n_used=habits.count(customer_id),
        used=habits.of(customer_id, likes.customer_ids),
        unused=habits.lacking(customer_id, likes.customer_ids),
        likes=likes,
        of_goods=habits.of_goods,
        n_days_active=_days_active(known, customer_id, window),
        support=_support(known, customer_id, day),
    )


def _days_active(known: Tables, customer_id: str, window: Window) -> int:
    lines: ir.Table = known["usage"] if "usage" in known else bought_in(known)
    mine = lines.filter((lines.customer_id == customer_id) & within(lines.event_time, window))
    return int(mine.event_time.truncate("D").nunique().to_pyarrow().as_py())


def _support(known: Tables, customer_id: str, day: date) -> Support | None:
    if "tickets" not in known:
        return None
    tickets: ir.Table = known["tickets"]
    year = Window.lookback(day, YEAR_DAYS)
    found = tickets.filter((tickets.customer_id == customer_id) & within(tickets.opened_at, year)).to_pyarrow()
    opened, closed = seconds(found["opened_at"]), _moments(found, "closed_at")
    first = _moments(found, "first_answered_at")
    hours = (first - opened).astype("timedelta64[s]").astype(np.float64) / 3600
    waited = hours[~np.isnat(first) & (hours >= 0)]
    return Support(
        opened=len(opened),
        answered=int((~np.isnat(first) | ~np.isnat(closed)).sum()),
        open=int(np.isnat(closed).sum()) if "closed_at" in found.column_names else 0,
        hours_to_answer=float(np.median(waited)) if len(waited) else float("nan"),
    )


def _moments(found: pa.Table, name: str) -> np.ndarray:
    """A column of times; never, where there is no such column."""
    never = np.full(len(found), np.datetime64("NaT", "s"))
    return seconds(found[name]) if name in found.column_names else never
