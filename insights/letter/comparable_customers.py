"""Who is like a customer, and has stayed: on the same plan, of similar size, for a year or longer.

Where nothing is subscribed to: who comes back and buys some of the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

import ibis
import ibis.expr.types as ir
import numpy as np

from features.cohort import running_at
from insights.letter.customer_profile import Standing
from insights.letter.habits import FEWEST_LIKE, Habits
from tables.engines.arrays import days, numbers, texts
from tables.tables import Tables

LONG_DAYS = 365
SIMILAR_SIZE = 2.0
"Up to so many times the seats, or as many times fewer."

Kind = Literal["subscribing", "subscribing_any_size", "buying", "none"]


@dataclass(frozen=True)
class Likes:
    """Some customers, and in which way they are like one."""

    customer_ids: np.ndarray
    "Sorted; none where fewer than `FEWEST_LIKE` are."
    kind: Kind


NOBODY = Likes(np.empty(0, "U1"), "none")


def likes_of(known: Tables, customer_id: str, standing: Standing, habits: Habits, day: date) -> Likes:
    """Those like a customer, without the customer."""
    if standing.plan:
        return _subscribing(known, customer_id, standing, day)
    return _buying(customer_id, habits) if habits.of_goods else NOBODY


def _subscribing(known: Tables, customer_id: str, standing: Standing, day: date) -> Likes:
    spans: ir.Table = known["subscriptions"]
    firsts = spans.group_by("customer_id").aggregate(first=spans.started_at.min())
    running = spans.filter(running_at(spans, day) & (spans.plan == standing.plan) & (spans.customer_id != customer_id))
    seats = running.seats.sum() if "seats" in running.columns else ibis.null("int64")
    paying = running.group_by("customer_id").aggregate(seats=seats)
    found = paying.inner_join(firsts, "customer_id").to_pyarrow()
    ids, sizes = texts(found["customer_id"]), numbers(found["seats"])
    stayed = days(found["first"]) <= np.datetime64(day, "D") - LONG_DAYS
    if standing.seats:
        ratio = sizes / standing.seats
        similar = stayed & (ratio <= SIMILAR_SIZE) & (ratio >= 1 / SIMILAR_SIZE)
        if similar.sum() >= FEWEST_LIKE:
            return Likes(np.sort(ids[similar]), "subscribing")
    return Likes(np.sort(ids[stayed]), "subscribing_any_size") if stayed.sum() >= FEWEST_LIKE else NOBODY


def _buying(customer_id: str, habits: Habits) -> Likes:
    """Who bought some of the same, and anything on at least two days."""
    own = habits.things[habits.customer_ids == customer_id]
    sharing = np.unique(habits.customer_ids[np.isin(habits.things, own)])
    returning = np.unique(habits.customer_ids[habits.n_days > 1])
    like = np.setdiff1d(np.intersect1d(sharing, returning), [customer_id])
    return Likes(like, "buying") if len(like) >= FEWEST_LIKE else NOBODY
