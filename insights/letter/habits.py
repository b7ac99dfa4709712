"""What customers use, or buy where no usage is recorded, and which customers are similar to one and have stayed.

A habit is on how many days of a window a customer used or bought one thing. Similar to a subscriber: customers on the
same plan, of similar size, subscribed for at least a year. Similar to any other customer: repeat customers who buy some
of the same things.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.window import Window
from tables.engines.arrays import days, numbers, texts, within
from tables.episodes import running_at
from tables.tables import Tables

PURCHASE_DEFINITIONS = ("no_purchase", "overdue")
"Churn definitions of businesses whose customers buy."
MAX_LISTED = 10
MAX_SUGGESTED = 3
MIN_SHARE_SUGGESTED = 0.25
"A thing is suggested where at least this share of the similar customers has it."
MIN_SIMILAR = 5
"The letter shows no figure of fewer customers, so that none of them can be recognised."
ITEM_NAMES = ("category", "title")
"Columns that name an item; the first one present is used."
MIN_TENURE_DAYS = 365
MAX_SIZE_RATIO = 2.0
"Of two customers' seats, either way round."
SimilarBy = Literal["subscribing", "subscribing_any_size", "buying", "none"]


@dataclass(frozen=True)
class Habit:
    """One thing that a customer uses or buys, or not yet."""

    thing: str
    n_days: int
    share_of_similar: float
    "Share of the similar customers who do it; NaN where there are too few."


@dataclass(frozen=True)
class Habits:
    """The habits of all customers; every array is (n,), one row per customer and thing."""

    customer_ids: NDArray[np.str_]
    things: NDArray[np.str_]
    n_days: NDArray[np.int64]
    are_purchases: bool

    def __len__(self) -> int:
        return len(self.things)

    def of(self, customer_id: str, similar_ids: NDArray[np.str_]) -> tuple[Habit, ...]:
        """The habits of one customer, most days first."""
        rows = np.flatnonzero(self.customer_ids == customer_id)
        order = sorted(rows.tolist(), key=lambda row: (-self.n_days[row], self.things[row]))
        return tuple(
            self._habit(str(self.things[row]), int(self.n_days[row]), similar_ids=similar_ids)
            for row in order[:MAX_LISTED]
        )

    def count(self, customer_id: str) -> int:
        """How many different things one customer does."""
        return int((self.customer_ids == customer_id).sum())

    def suggest(self, customer_id: str, similar_ids: NDArray[np.str_]) -> tuple[Habit, ...]:
        """What many similar customers do and the customer does not, most common first."""
        own = self.things[self.customer_ids == customer_id]
        others = np.setdiff1d(self.things[np.isin(self.customer_ids, similar_ids)], own)
        habits = [self._habit(str(thing), 0, similar_ids=similar_ids) for thing in others]
        common = [habit for habit in habits if habit.share_of_similar >= MIN_SHARE_SUGGESTED]
        return tuple(sorted(common, key=lambda habit: (-habit.share_of_similar, habit.thing))[:MAX_SUGGESTED])

    def _habit(self, thing: str, n_days: int, *, similar_ids: NDArray[np.str_]) -> Habit:
        if len(similar_ids) < MIN_SIMILAR:
            return Habit(thing, n_days, float("nan"))
        doing = self.customer_ids[(self.things == thing) & np.isin(self.customer_ids, similar_ids)]
        return Habit(thing, n_days, len(np.unique(doing)) / len(similar_ids))


def load_habits(tables: Tables, window: Window) -> Habits:
    """Items bought in the window, by category, where churn is the end of purchases; otherwise features used.

    Where one of the two is not recorded, or the window has none, it is the other. A shop's visits are no feature.
    """
    bought, used = _items_bought(tables), _features_used(tables) if "usage" in tables else None
    is_shop = tables.config.churn.definition in PURCHASE_DEFINITIONS
    first, second = ((bought, True), (used, False)) if is_shop else ((used, False), (bought, True))
    habits = [_count_days(rows, window, are_purchases=of_purchases) for rows, of_purchases in (first, second)]
    recorded = {True: "purchases" in tables, False: "usage" in tables}
    return next((one for one in habits if len(one)), None) or next(
        (one for one in habits if recorded[one.are_purchases]), habits[0]
    )


def _count_days(rows: ir.Table | None, window: Window, *, are_purchases: bool) -> Habits:
    if rows is None:
        return Habits(np.empty(0, "U1"), np.empty(0, "U1"), np.empty(0, np.int64), are_purchases=are_purchases)
    named = rows.filter(within(rows.event_time, window), ibis._.customer_id.notnull(), ibis._.thing.notnull())
    daily = named.mutate(day=named.event_time.truncate("D"))
    counts: pa.Table = daily.group_by(["customer_id", "thing"]).aggregate(n_days=daily.day.nunique()).to_pyarrow()
    n_days = numbers(counts["n_days"]).astype(np.int64)
    return Habits(texts(counts["customer_id"]), texts(counts["thing"]), n_days, are_purchases=are_purchases)


def purchases_without_returns(tables: Tables) -> ir.Table:
    """Purchases with a positive amount: no returns, nothing for free."""
    purchases: ir.Table = tables["purchases"]
    return purchases.filter(purchases.amount > 0)


def _features_used(tables: Tables) -> ir.Table:
    usage: ir.Table = tables["usage"]
    features = usage.filter(~usage.event.lower().isin(tables.config.report.ignored_events))
    return features.select("customer_id", "event_time", thing=features.event)


def _items_bought(tables: Tables) -> ir.Table | None:
    """Purchases with the item's category, else its title, else its id; None without item ids."""
    if "purchases" not in tables:
        return None
    bought = purchases_without_returns(tables)
    if "item_id" not in bought.columns:
        return None
    if "items" not in tables or not (names := [name for name in ITEM_NAMES if name in tables["items"].columns]):
        return bought.select("customer_id", "event_time", thing=bought.item_id)
    items: ir.Table = tables["items"]
    named = items.select("item_id", thing=items[names[0]])
    return bought.inner_join(named, "item_id").select("customer_id", "event_time", "thing")


@dataclass(frozen=True)
class SimilarCustomers:
    """The customers who are similar to one, and how."""

    customer_ids: NDArray[np.str_]
    "Sorted; empty where there are fewer than `MIN_SIMILAR`."
    by: SimilarBy


NO_SIMILAR = SimilarCustomers(np.empty(0, "U1"), "none")


def find_similar(
    tables: Tables, customer_id: str, *, plan: str, seats: int | None, habits: Habits, day: date
) -> SimilarCustomers:
    """The customers similar to one on this plan ('' for none) with these seats, without the customer.

    `tables` are those known on the day.
    """
    if plan:
        return _similar_subscribers(tables, customer_id, plan=plan, seats=seats, day=day)
    return _similar_buyers(customer_id, habits) if habits.are_purchases else NO_SIMILAR


def _similar_subscribers(
    tables: Tables, customer_id: str, *, plan: str, seats: int | None, day: date
) -> SimilarCustomers:
    spans: ir.Table = tables["subscriptions"]
    first_days = spans.group_by("customer_id").aggregate(first=spans.started_at.min())
    is_other = spans.customer_id != customer_id
    running = spans.filter(running_at(spans, day) & (spans.plan == plan) & is_other)
    sum_of_seats = running.seats.sum() if "seats" in running.columns else ibis.null("int64")
    sizes = running.group_by("customer_id").aggregate(seats=sum_of_seats)
    rows = sizes.inner_join(first_days, "customer_id").to_pyarrow()
    ids, n_seats = texts(rows["customer_id"]), numbers(rows["seats"])
    is_long = days(rows["first"]) <= np.datetime64(day, "D") - MIN_TENURE_DAYS
    if seats:
        ratio = n_seats / seats
        is_similar = is_long & (ratio <= MAX_SIZE_RATIO) & (ratio >= 1 / MAX_SIZE_RATIO)
        if is_similar.sum() >= MIN_SIMILAR:
            return SimilarCustomers(np.sort(ids[is_similar]), "subscribing")
    return (
        SimilarCustomers(np.sort(ids[is_long]), "subscribing_any_size") if is_long.sum() >= MIN_SIMILAR else NO_SIMILAR
    )


def _similar_buyers(customer_id: str, habits: Habits) -> SimilarCustomers:
    """Repeat customers (two days or more) with a purchase of some of the same."""
    own = habits.things[habits.customer_ids == customer_id]
    sharing = np.unique(habits.customer_ids[np.isin(habits.things, own)])
    returning = np.unique(habits.customer_ids[habits.n_days > 1])
    similar = np.setdiff1d(np.intersect1d(sharing, returning), [customer_id])
    return SimilarCustomers(similar, "buying") if len(similar) >= MIN_SIMILAR else NO_SIMILAR
