"""What customers use, or buy where no usage is recorded: on how many days each of them did what, in a window."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from core.window import Window
from tables.engines.arrays import numbers, texts, within
from tables.tables import Tables

MOST_LISTED = 10
MOST_SUGGESTED = 3
WORTH_NAMING = 0.25
"A thing is suggested where at least this share of those like the customer has it."
FEWEST_LIKE = 5
"No figure is told of fewer customers: nobody is to be recognised in it."
GOODS = ("category", "title")
"What an item is called, the first that there is."


@dataclass(frozen=True)
class Habit:
    """One thing that a customer uses or buys, or does not."""

    thing: str
    n_days: int
    share_of_like: float
    "Of the customers like them, who does; NaN where there are too few."


@dataclass(frozen=True)
class Habits:
    """Everybody's; every array is (n,), one row for each customer and thing."""

    customer_ids: np.ndarray
    things: np.ndarray
    n_days: np.ndarray
    of_goods: bool

    def of(self, customer_id: str, like: np.ndarray) -> tuple[Habit, ...]:
        """What one customer does, most often first."""
        rows = np.flatnonzero(self.customer_ids == customer_id)
        order = sorted(rows.tolist(), key=lambda row: (-self.n_days[row], self.things[row]))
        return tuple(self._habit(str(self.things[row]), int(self.n_days[row]), like) for row in order[:MOST_LISTED])

    def count(self, customer_id: str) -> int:
        """How many different things one customer does."""
        return int((self.customer_ids == customer_id).sum())

    def lacking(self, customer_id: str, like: np.ndarray) -> tuple[Habit, ...]:
        """What the customer does not and many of those like them do, most of them first."""
        own = self.things[self.customer_ids == customer_id]
        others = np.setdiff1d(self.things[np.isin(self.customer_ids, like)], own)
        habits = [self._habit(str(thing), 0, like) for thing in others]
        named = [habit for habit in habits if habit.share_of_like >= WORTH_NAMING]
        return tuple(sorted(named, key=lambda habit: (-habit.share_of_like, habit.thing))[:MOST_SUGGESTED])

    def _habit(self, thing: str, n_days: int, like: np.ndarray) -> Habit:
        if len(like) < FEWEST_LIKE:
            return Habit(thing, n_days, float("nan"))
        doing = self.customer_ids[(self.things == thing) & np.isin(self.customer_ids, like)]
        return Habit(thing, n_days, len(np.unique(doing)) / len(like))


def habits_of(known: Tables, window: Window) -> Habits:
    """Features used in the window; goods bought, by category, where there is no usage table."""
    lines = _features(known) if "usage" in known else _goods(known)
    if lines is None:
        return Habits(np.empty(0, "U1"), np.empty(0, "U1"), np.empty(0, np.int64), of_goods=True)
    chosen = lines.filter(within(lines.event_time, window), ibis._.customer_id.notnull(), ibis._.thing.notnull())
    daily = chosen.mutate(day=chosen.event_time.truncate("D"))
    found: pa.Table = daily.group_by(["customer_id", "thing"]).aggregate(n_days=daily.day.nunique()).to_pyarrow()
    n_days = numbers(found["n_days"]).astype(np.int64)
    return Habits(texts(found["customer_id"]), texts(found["thing"]), n_days, of_goods="usage" not in known)


def _features(known: Tables) -> ir.Table:
    usage: ir.Table = known["usage"]
    named = usage.filter(~usage.event.lower().isin(known.config.report.ignored_events))
    return named.select("customer_id", "event_time", thing=named.event)


def bought_in(known: Tables) -> ir.Table:
    """Purchases that are no returns, and not for free."""
    purchases: ir.Table = known["purchases"]
    return purchases.filter(purchases.amount > 0)


def _goods(known: Tables) -> ir.Table | None:
    """Purchases with what was bought: the item's category, else its title, else its id; None without items."""
    bought = bought_in(known)
    if "item_id" not in bought.columns:
        return None
    if "items" not in known or not (called := [name for name in GOODS if name in known["items"].columns]):
        return bought.select("customer_id", "event_time", thing=bought.item_id)
    items: ir.Table = known["items"]
    named = items.select("item_id", thing=items[called[0]])
    return bought.inner_join(named, "item_id").select("customer_id", "event_time", "thing")
