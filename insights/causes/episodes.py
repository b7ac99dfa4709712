"""How long each customer stayed: from the day on which they first paid to the day from which they paid no more.

spans   |-- 100 --|-- 150 --|    |-- 150 --          a renewal within the grace days is no end
stays   |---------------------------------           one stay, not over
spans   |-- 100 --|                  |-- 80 --|
stays   |---------x cause            |--------x      two stays, each with its cause
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import ibis.expr.types as ir
import numpy as np

from core.errors import DataError
from features.labels.subscription_ended import cause_of
from insights.finance.mrr import RUNS_ON
from tables.engines.arrays import days, texts
from tables.tables import Tables

NEVER = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class SubscriptionEpisodes:
    """One row a stay, by customer and then time; every array is (n,)."""

    customer_ids: np.ndarray
    "Text 'U'."
    began_on: np.ndarray
    "datetime64[D]"
    ended_on: np.ndarray
    "datetime64[D], the first day that is not paid for; NaT where the stay was not over by `observed_until`."
    reasons: np.ndarray
    "Text 'U', as the end states it; '' where it states nothing."
    observed_until: np.datetime64
    "The first day of which it cannot be said yet who leaves on it."

    def __len__(self) -> int:
        return len(self.customer_ids)

    def running_at(self, day: np.datetime64) -> np.ndarray:
        """(n,) bool: paid for before midnight of the day and not over by it."""
        return (self.began_on < day) & (np.isnat(self.ended_on) | (self.ended_on >= day))

    def ended_between(self, start: np.datetime64, end: np.datetime64) -> np.ndarray:
        """(n,) bool: over on a day from `start` on and before `end`."""
        return (self.ended_on >= start) & (self.ended_on < end)

    def take(self, rows: np.ndarray) -> SubscriptionEpisodes:
        """The stays that an index array or boolean mask picks."""
        picked = {name: getattr(self, name)[rows] for name in ("customer_ids", "began_on", "ended_on", "reasons")}
        return replace(self, **picked)


def stays_of(tables: Tables) -> SubscriptionEpisodes:
    """Every stay, of spans that do not end before they start. Raises DataError without a subscriptions table."""
    if "subscriptions" not in tables:
        raise DataError(
            "causes of leaving are told of subscriptions, and there is no such table; add it under [tables]"
        )
    subscriptions: ir.Table = tables.latest()["subscriptions"]
    known = subscriptions.filter(subscriptions.customer_id.notnull())
    ends = known.ended_at if "ended_at" in known.columns else known.started_at.nullif(known.started_at)
    found = known.select("customer_id", "started_at", ended_at=ends, reason=cause_of(known)).to_pyarrow()
    grace_days = tables.config.churn.grace_days
    until = np.datetime64(tables.watermark("subscriptions"), "D") - np.timedelta64(grace_days, "D")
    began, ended = days(found["started_at"]), days(found["ended_at"])
    rows = np.isnat(ended) | (ended >= began)
    spans = (texts(found["customer_id"])[rows], began[rows], ended[rows], texts(found["reason"])[rows])
    return joined(*spans, grace_days, until)


def joined(
    customer_ids: np.ndarray,
    began_on: np.ndarray,
    ended_on: np.ndarray,
    reasons: np.ndarray,
    grace_days: int,
    observed_until: np.datetime64,
) -> SubscriptionEpisodes:
    """The stays that spans make up: one that begins within the grace days of another's end goes on with it."""
    order = np.lexsort((began_on, customer_ids))
    customer_ids, began_on, reasons = customer_ids[order], began_on[order], reasons[order]
    until = np.where(np.isnat(ended_on), RUNS_ON, ended_on)[order]
    first = _begins_anew(customer_ids, began_on, until, np.timedelta64(grace_days, "D"))
    starts = np.flatnonzero(first)
    stay = np.cumsum(first) - 1
    over = np.maximum.reduceat(until, starts) if len(starts) else until
    # Of the spans that end a stay, the last one that states a reason.
    said = np.full(len(starts), "", dtype=reasons.dtype)
    ending = np.flatnonzero((until == over[stay]) & (reasons != ""))
    said[stay[ending]] = reasons[ending]
    known = over < observed_until
    ended = (np.where(known, over, NEVER), np.where(known, said, ""))
    return SubscriptionEpisodes(customer_ids[starts], began_on[starts], *ended, observed_until)


def _begins_anew(
    customer_ids: np.ndarray, began_on: np.ndarray, until: np.ndarray, grace: np.timedelta64
) -> np.ndarray:
    """(n,) bool: whether a span, by customer and start, begins after everything before it and its grace is over."""
    first = np.append(True, customer_ids[1:] != customer_ids[:-1])[: len(customer_ids)]
    # A later customer's days lie beyond all of an earlier one's, so one running maximum serves everybody.
    beyond = np.cumsum(first) * (RUNS_ON - np.datetime64(0, "D")).astype(np.int64) * 2
    reached = np.maximum.accumulate(beyond + until.astype(np.int64))
    late = (beyond + began_on.astype(np.int64))[1:] > reached[:-1] + grace.astype(np.int64)
    return np.append(first[:1], first[1:] | late)
