"""A customer's support tickets and answers to surveys of the past year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.window import Window
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


def load_support(tables: Tables, customer_id: str, *, day: date) -> Support | None:
    """The tickets of a customer in the year before a day; None without a tickets table."""
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


def count_answers(tables: Tables, customer_id: str, *, day: date) -> int:
    """How many surveys a customer answered in the year before a day."""
    if "surveys" not in tables:
        return 0
    surveys: ir.Table = tables["surveys"]
    of_customer = surveys.filter((surveys.customer_id == customer_id) & surveys.score.notnull())
    year = Window.lookback(day, YEAR_DAYS)
    return int(of_customer.filter(within(of_customer.event_time, year)).count().to_pyarrow().as_py())


def _times(rows: pa.Table, name: str) -> NDArray[np.datetime64]:
    """A column of times; NaT everywhere without such a column."""
    return seconds(rows[name]) if name in rows.column_names else np.full(len(rows), np.datetime64("NaT", "s"))
