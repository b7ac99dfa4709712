"""Customers who are similar to one customer and have stayed.

Subscribers: on the same plan, of similar size, subscribed for at least a year. Others: repeat customers who buy some of
the same things.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from insights.letter.customer_profile import CustomerProfile
from insights.letter.habits import MIN_SIMILAR, Habits
from tables.engines.arrays import days, numbers, texts
from tables.episodes import running_at
from tables.tables import Tables

MIN_TENURE_DAYS = 365
MAX_SIZE_RATIO = 2.0
"Of two customers' seats, either way round."

SimilarBy = Literal["subscribing", "subscribing_any_size", "buying", "none"]


@dataclass(frozen=True)
class SimilarCustomers:
    """The customers who are similar to one, and how."""

    customer_ids: NDArray[np.str_]
    "Sorted; empty where there are fewer than `MIN_SIMILAR`."
    by: SimilarBy


NONE = SimilarCustomers(np.empty(0, "U1"), "none")


def find_similar(
    tables: Tables, customer_id: str, *, profile: CustomerProfile, habits: Habits, day: date
) -> SimilarCustomers:
    """The customers similar to this one, without the customer; `tables` as known on the day."""
    if profile.plan:
        return _similar_subscribers(tables, customer_id, profile=profile, day=day)
    return _similar_buyers(customer_id, habits) if habits.are_purchases else NONE


def _similar_subscribers(tables: Tables, customer_id: str, *, profile: CustomerProfile, day: date) -> SimilarCustomers:
    spans: ir.Table = tables["subscriptions"]
    first_days = spans.group_by("customer_id").aggregate(first=spans.started_at.min())
    is_other = spans.customer_id != customer_id
    running = spans.filter(running_at(spans, day) & (spans.plan == profile.plan) & is_other)
    seats = running.seats.sum() if "seats" in running.columns else ibis.null("int64")
    sizes = running.group_by("customer_id").aggregate(seats=seats)
    rows = sizes.inner_join(first_days, "customer_id").to_pyarrow()
    ids, n_seats = texts(rows["customer_id"]), numbers(rows["seats"])
    is_long = days(rows["first"]) <= np.datetime64(day, "D") - MIN_TENURE_DAYS
    if profile.seats:
        ratio = n_seats / profile.seats
        is_similar = is_long & (ratio <= MAX_SIZE_RATIO) & (ratio >= 1 / MAX_SIZE_RATIO)
        if is_similar.sum() >= MIN_SIMILAR:
            return SimilarCustomers(np.sort(ids[is_similar]), "subscribing")
    return SimilarCustomers(np.sort(ids[is_long]), "subscribing_any_size") if is_long.sum() >= MIN_SIMILAR else NONE


def _similar_buyers(customer_id: str, habits: Habits) -> SimilarCustomers:
    """Repeat customers (two days or more) with a purchase of some of the same."""
    own = habits.things[habits.customer_ids == customer_id]
    sharing = np.unique(habits.customer_ids[np.isin(habits.things, own)])
    returning = np.unique(habits.customer_ids[habits.n_days > 1])
    similar = np.setdiff1d(np.intersect1d(sharing, returning), [customer_id])
    return SimilarCustomers(similar, "buying") if len(similar) >= MIN_SIMILAR else NONE
