"""Excludes records that lie ahead of today, or far ahead of all others.

    2024 ......... 2025          2062     9999       typing errors: excluded, and no watermark moves to them
    |--- all the others ---|       x        x

One row of 2062 would otherwise make every customer look silent for decades.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import ibis

from tables.cleaning.conform import EXCLUDED_BECAUSE, EXCLUDED_VALUE, Conformed
from tables.contract_types import TableContract

MIN_GAP_DAYS = 366
MAX_ROWS, MAX_SHARE, MAX_SHARE_OF_FEW = 3, 0.001, 0.1
"More rows than these are no typing errors: at most 3 or one in a thousand, and never more than a tenth."
PLANNED = ("subscriptions", "opportunities", "spend", "contacts")
"Tables whose rows may begin in the future: a contract that is signed, a budget, a planned mailing."
BUDDHIST_YEAR = re.compile(r"(?<!\d)25[5-9]\d(?!\d)")
"A year of our time in the calendar of Thailand."
AHEAD_OF_TODAY, AHEAD_OF_OTHERS = "ahead of today", "far ahead of all other records"
"Reasons to exclude a row."
EPOCH, DAY_SECONDS = date(1970, 1, 1), 86_400


def first_day_ahead(rows_by_day: Sequence[tuple[int, int]], *, last_day: int | None = None) -> int | None:
    """The first day, as a number since 1970, from which on records lie too far ahead; None if there is none.

    `rows_by_day` has each day with records and their number, in order. Later days than `last_day` always do. Otherwise
    few rows do that come after a gap longer than a year and longer than the whole time of all the rows before it.
    """
    n_rows = sum(rows for _, rows in rows_by_day)
    limit = min(max(MAX_ROWS, MAX_SHARE * n_rows), MAX_SHARE_OF_FEW * n_rows)
    ahead, first = 0, None
    for place in range(len(rows_by_day) - 1, 0, -1):
        (before, _), (day, rows) = rows_by_day[place - 1], rows_by_day[place]
        ahead += rows
        if ahead > limit:
            break
        if day - before > max(MIN_GAP_DAYS, before - rows_by_day[0][0]):
            first = day
    if last_day is not None and rows_by_day and rows_by_day[-1][0] > last_day:
        return min(first or last_day + 1, last_day + 1)
    return first


def exclude_far_future(conformed: Conformed, contract: TableContract, *, today: date | None) -> Conformed:
    """The table with such records excluded. `today` is the local day; without it, only the other records count."""
    rows = conformed.rows
    if contract.happens_at is None or contract.happens_at not in rows.columns:
        return conformed
    time = rows[contract.happens_at].cast("timestamp")
    usable = rows.filter(rows[EXCLUDED_BECAUSE].isnull())
    day = (time.truncate("s").epoch_seconds() / DAY_SECONDS).floor().cast("int64")
    counts = usable.group_by(day=day).aggregate(n=ibis._.count()).order_by("day").to_pyarrow()
    by_day = list(zip(counts["day"].to_pylist(), counts["n"].to_pylist(), strict=True))
    # A clock may be a time zone ahead, so tomorrow is not yet the future.
    last_day = None if today is None or contract.name in PLANNED else (today - EPOCH).days + 1
    first = first_day_ahead(by_day, last_day=last_day)
    if first is None:
        return conformed
    start = datetime(1970, 1, 1) + timedelta(days=first)
    reason = AHEAD_OF_TODAY if first - 1 == last_day else AHEAD_OF_OTHERS
    is_ahead = rows[EXCLUDED_BECAUSE].isnull() & (time >= ibis.timestamp(start.isoformat()))
    excluded = rows.mutate(
        **{
            EXCLUDED_BECAUSE: ibis.ifelse(is_ahead, f"{contract.happens_at}: {reason}", rows[EXCLUDED_BECAUSE]),
            EXCLUDED_VALUE: ibis.ifelse(is_ahead, time.cast("string"), rows[EXCLUDED_VALUE]),
        }
    )
    return replace(conformed, rows=excluded)
