"""Whether recommendations can be learned and judged: items, times, and customers who come back.

first purchase          test cutoff     + horizon_days
|----- bought before ---|--- bought again ---|           judged on the customers who did both
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, NamedTuple

import ibis
import ibis.expr.types as ir
from ibis import _

from core.i18n.message import Message
from core.window import Window
from features.check.data import CheckedData
from features.check.marks import fetch_one
from tables.engines.arrays import midnight, within
from tables.orders import IS_PURCHASE
from tables.tables import Tables

MIN_RETURNING = 30
"Customers who buy again in the test below which no difference between recommenders shows."
ITEMS_TO_HOLD_OUT_ONE = 5
"Different items of a customer, of which a fifth is held out where rows have no time."


class Totals(NamedTuple):
    """Purchases of an item by a customer, and the different items."""

    n_lines: int
    n_items: int


NO_TOTALS = Totals(0, 0)


@dataclass(frozen=True, kw_only=True)
class RecommendationCheck:
    """Whether anything can be recommended, and whether a test can tell good recommendations from bad ones."""

    can_recommend: bool
    can_judge: bool
    verdict: Message
    n_lines: int = 0
    "Purchases of an item by a customer."
    n_items: int = 0
    n_customers: int = 0
    "Customers with a purchase of an item before the test cutoff."
    n_returning: int = 0
    "Those of them who buy an item again within the horizon."
    cutoff: date | None = None
    "The test cutoff; None where nothing can be tested."
    horizon_days: int
    incomplete_from: date | None = None
    "The first day that may be incomplete; what was bought from then on is not learned. None where nothing is left out."
    n_left_out: int = 0
    "Purchases of an item by a customer from that day on."
    n_customers_left_out: int = 0
    "Customers with such a purchase."

    @property
    def cost_of_incomplete_days(self) -> Message | None:
        """What leaving out the days that may be incomplete costs; None where it costs nothing."""
        if self.incomplete_from is None:
            return None
        return Message(
            "left out, because {day} may be incomplete: {n} of {of} purchases, of {customers} customers; state "
            "watermark = {next_day} if {day} is complete",
            {
                "day": self.incomplete_from.isoformat(),
                "next_day": (self.incomplete_from + timedelta(days=1)).isoformat(),
                "n": self.n_left_out,
                "of": self.n_lines,
                "customers": self.n_customers_left_out,
            },
        )


def check_recommendations(data: CheckedData) -> RecommendationCheck:
    """What recommendations lack, the first thing first."""
    if data.tables is None:
        return _judge(data, Message("nothing can be recommended: a cross-section has no purchases"))
    missing = _find_missing(data)
    if missing is not None:
        return _judge(data, missing)
    lines = data["purchases"].rows.filter(IS_PURCHASE, _.item_id.notnull())
    counts = fetch_one(lines.aggregate(n=_count_known(lines), n_items=_.item_id.nunique(), n_days=_count_days(lines)))
    n_lines, n_items = int(counts["n"]), int(counts["n_items"])
    totals = Totals(n_lines, n_items)
    if not n_items:
        return _judge(data, Message("nothing can be recommended: no purchase has an item_id"))
    if n_items == 1:
        return _judge(data, Message("nothing can be recommended: all purchases are of one item"), totals=totals)
    if not n_lines:
        text = Message("only best sellers can be recommended: no purchase of an item has a customer_id")
        return _judge(data, text, totals=totals, can_recommend=True)
    if "event_time" not in lines.columns:
        return _judge_held_out(data, lines=lines, totals=totals)
    if counts["n_days"] < 2:
        text = Message("recommendations cannot be judged: all purchases of items are of one day")
        return _judge(data, text, totals=totals, can_recommend=True)
    return _judge_returning(data, data.tables, lines=lines, totals=totals)


def _find_missing(data: CheckedData) -> Message | None:
    """The table or column that the data set does not have."""
    if "purchases" not in data:
        return Message("nothing can be recommended: the data set has no table purchases")
    if not data.has_ids("purchases", "item_id"):
        return Message("nothing can be recommended: purchases has no item_id")
    return None


def _count_known(lines: ir.Table) -> ir.Value:
    return lines.customer_id.count() if "customer_id" in lines.columns else ibis.literal(0)


def _count_days(lines: ir.Table) -> ir.Value:
    """1 for purchases of one day, 2 for more; 0 where rows have no time."""
    if "event_time" not in lines.columns:
        return ibis.literal(0)
    day = lines.event_time.truncate("D")
    return ibis.ifelse(day.min() == day.max(), 1, 2)


def _judge(
    data: CheckedData, verdict: Message, *, totals: Totals = NO_TOTALS, can_recommend: bool = False
) -> RecommendationCheck:
    """The verdict where nothing can be tested."""
    return RecommendationCheck(
        can_recommend=can_recommend,
        can_judge=False,
        verdict=verdict,
        horizon_days=data.config.recommender.horizon_days,
        n_lines=totals.n_lines,
        n_items=totals.n_items,
    )


def _judge_held_out(data: CheckedData, *, lines: ir.Table, totals: Totals) -> RecommendationCheck:
    """Count the customers with enough items to hold out one of them."""
    n_items = lines.filter(_.customer_id.notnull()).group_by("customer_id").aggregate(n=_.item_id.nunique())
    n_asked = int(fetch_one(n_items.aggregate(n=ibis.ifelse(_.n >= ITEMS_TO_HOLD_OUT_ONE, 1, 0).sum()))["n"] or 0)
    values = {"n": n_asked, "items": ITEMS_TO_HOLD_OUT_ONE}
    if n_asked < MIN_RETURNING:
        text = Message(
            "recommendations can hardly be judged: rows have no time, and {n} customers have {items} items "
            "or more, of which a share can be held out",
            values,
        )
    else:
        text = Message(
            "recommendations are judged by a held-out share, because rows have no time: {n} customers have "
            "{items} items or more",
            values,
        )
    check = _judge(data, text, totals=totals, can_recommend=True)
    return replace(check, can_judge=n_asked >= MIN_RETURNING, n_customers=n_asked)


def _count_left_out(lines: ir.Table, watermark: date) -> dict[str, Any]:
    """The purchases from the watermark on, by the names of `RecommendationCheck`; {} where there are none."""
    newest = lines.filter(_.event_time >= midnight(watermark), _.customer_id.notnull())
    row = fetch_one(newest.aggregate(n=_.count(), customers=_.customer_id.nunique()))
    if not row["n"]:
        return {}
    return {
        "incomplete_from": watermark,
        "n_left_out": int(row["n"]),
        "n_customers_left_out": int(row["customers"]),
    }


def _judge_returning(data: CheckedData, tables: Tables, *, lines: ir.Table, totals: Totals) -> RecommendationCheck:
    """Count the buyers of items before the test cutoff, and those of them who buy again."""
    days = data.config.recommender.horizon_days
    cutoff = data.config.cutoffs.test or tables.watermark("purchases") - timedelta(days=days)
    customers = lines.filter(_.customer_id.notnull()).group_by("customer_id")
    times = customers.aggregate(
        before=ibis.ifelse(_.event_time < midnight(cutoff), 1, 0).max(),
        after=ibis.ifelse(within(_.event_time, Window.horizon(cutoff, days)), 1, 0).max(),
    )
    row = fetch_one(times.aggregate(known=_.before.sum(), returning=(_.before * _.after).sum()))
    n_customers, n_returning = int(row["known"] or 0), int(row["returning"] or 0)
    values = {"n": n_returning, "of": n_customers, "cutoff": cutoff.isoformat(), "days": days}
    if n_returning < MIN_RETURNING:
        verdict = Message(
            "recommendations can hardly be judged: of {of} buyers of an item before {cutoff}, {n} buy again "
            "within {days} days",
            values,
        )
    else:
        verdict = Message(
            "recommendations can be judged: of {of} buyers of an item before {cutoff}, {n} buy again within "
            "{days} days",
            values,
        )
    return RecommendationCheck(
        can_recommend=True,
        can_judge=n_returning >= MIN_RETURNING,
        verdict=verdict,
        n_lines=totals.n_lines,
        n_items=totals.n_items,
        n_customers=n_customers,
        n_returning=n_returning,
        cutoff=cutoff,
        horizon_days=days,
        **_count_left_out(lines, tables.watermark("purchases")),
    )
