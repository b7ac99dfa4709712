"""From a company's tables to the arrays that figures are worked out on; rows that would corrupt a figure stay out.

What is wrong with a row is declared in `features.conforming`, so features leave out the same ones. They are counted by
cause, so that a report can say so: a span that ends before it starts, an NPS of 11, a ticket closed before it opened.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from features.engine import days, numbers, seconds, texts
from features.expressions import Expression
from features.tables import Tables
from insights.book import Spans
from insights.buying import Orders
from insights.voices import Answers


@dataclass(frozen=True)
class LeftOut:
    """How many rows of each table stay out of the figures, by cause."""

    counts: dict[str, int] = field(default_factory=dict)

    def note(self, tables: Tables, name: str) -> None:
        """Note what was set aside of a table when it was read, as 'table: column: cause'."""
        for cause, rows in tables.intake(name).set_aside.items():
            self.counts[f"{name}: {cause}"] = rows


def spans_of(tables: Tables, left_out: LeftOut) -> Spans:
    """Every usable span as finally known; none where there is no subscriptions table."""
    if "subscriptions" not in tables:
        return Spans(*(np.empty(0, kind) for kind in ("U1", "U1", "M8[D]", "M8[D]", float, "U1")))
    found = _fetched(tables.latest()["subscriptions"], "plan", "started_at", "ended_at", "mrr", "currency")
    left_out.note(tables, "subscriptions")
    return Spans(
        _words(found, "customer_id"), _words(found, "plan"), _days(found, "started_at"), _days(found, "ended_at"),
        _numbers(found, "mrr"), _words(found, "currency"),
    )  # fmt: skip


def orders_of(tables: Tables) -> Orders:
    """Purchase days of known customers with what they bought less what they returned; none without purchases."""
    if "purchases" not in tables:
        return Orders(np.empty(0, "U1"), np.empty(0, "M8[D]"), np.empty(0))
    lines: Expression = tables.latest()["purchases"]
    daily = lines.filter(lines.customer_id.notnull()).mutate(day=lines.event_time.truncate("D"))
    found = daily.group_by(["customer_id", "day"]).aggregate(amount=daily.amount.sum()).to_pyarrow()
    orders = Orders(_words(found, "customer_id"), _days(found, "day"), _numbers(found, "amount"))
    bought = orders.amounts > 0
    return Orders(orders.customer_ids[bought], orders.days[bought], orders.amounts[bought])


def answers_of(tables: Tables, kind: str, left_out: LeftOut) -> Answers:
    """Every survey of a kind (nps, csat) that was sent; none without a surveys table."""
    if "surveys" not in tables:
        return Answers(np.empty(0, "U1"), np.empty(0))
    surveys: Expression = tables.latest()["surveys"]
    found = _fetched(surveys.filter(surveys.kind.lower() == kind), "score")
    left_out.note(tables, "surveys")
    return Answers(_words(found, "customer_id"), _numbers(found, "score"))


def waits_of(tables: Tables, until: str, left_out: LeftOut) -> tuple[np.ndarray, np.ndarray]:
    """Customer and hours from each ticket's opening to a moment (first_answered_at, closed_at); (n,) each."""
    if "tickets" not in tables or until not in tables["tickets"].columns:
        return np.empty(0, "U1"), np.empty(0)
    found = _fetched(tables.latest()["tickets"], "opened_at", until)
    waited = (seconds(found[until]) - seconds(found["opened_at"])).astype("timedelta64[s]").astype(np.float64) / 3600
    known = ~np.isnat(seconds(found[until]))
    left_out.note(tables, "tickets")
    return _words(found, "customer_id")[known], waited[known]


def _fetched(table: ir.Table, *columns: str) -> pa.Table:
    there = [name for name in columns if name in table.columns]
    return table.filter(table.customer_id.notnull()).select("customer_id", *there).to_pyarrow()


def _words(found: pa.Table, name: str) -> np.ndarray:
    return texts(found[name]) if name in found.column_names else np.full(len(found), "")


def _days(found: pa.Table, name: str) -> np.ndarray:
    return days(found[name]) if name in found.column_names else np.full(len(found), np.datetime64("NaT", "D"))


def _numbers(found: pa.Table, name: str) -> np.ndarray:
    return numbers(found[name]) if name in found.column_names else np.full(len(found), np.nan)
