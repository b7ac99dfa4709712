"""How far a table is completely recorded, channel by channel.

    web     x x x x x x x x x x x x     recorded until today
    shop    x x x x x x x x             its file comes once a week
    kiosk   x   x                       too rare: a day without a sale is no gap
                            ^ watermark: the first day that is not complete

The day of a channel's last record counts as incomplete: records of its evening may be missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir

DAY_SECONDS = 86_400
EPOCH = date(1970, 1, 1)
RECENT_DAYS = 28
STEADY_DAYS = 14
"A channel with records on this many of its last 28 days is steady: when it is silent, records are missing."


@dataclass(frozen=True, kw_only=True)
class ChannelCoverage:
    """The days that one channel recorded; a table without channels has one entry."""

    channel: str | None
    rows: int
    first: date
    last: date
    recent_days: int
    "Days with records among the 28 that end with the last one."

    @property
    def watermark(self) -> date:
        """The first day that the channel has not completely recorded: the day of its last record."""
        return self.last


def measure_coverage(table: ir.Table, happens_at: str | None) -> tuple[ChannelCoverage, ...]:
    """The coverage of each channel of a table, largest channel first.

    Empty if the table is empty or is a table of things (`happens_at` is None).
    """
    if happens_at is None:
        return ()
    time = table[happens_at].cast("timestamp").truncate("s")
    channel = table["channel"] if "channel" in table.columns else ibis.null("string")
    days = table.select(channel=channel, day=(time.epoch_seconds() / DAY_SECONDS).floor().cast("int64"))
    daily = days.group_by(["channel", "day"]).aggregate(n_rows=ibis._.count())
    daily = daily.mutate(last_day=ibis._.day.max().over(group_by="channel"))
    is_recent = ibis.ifelse(ibis._.day > ibis._.last_day - RECENT_DAYS, 1, 0)
    channels = daily.group_by("channel").aggregate(
        rows=ibis._.n_rows.sum(), first=ibis._.day.min(), last=ibis._.day.max(), recent_days=is_recent.sum()
    )
    rows = channels.order_by([ibis.desc("rows"), "channel"]).to_pyarrow().to_pylist()
    return tuple(
        ChannelCoverage(
            channel=row["channel"],
            rows=row["rows"],
            first=_day_of(row["first"]),
            last=_day_of(row["last"]),
            recent_days=row["recent_days"],
        )
        for row in rows
    )


def _day_of(number: int) -> date:
    return EPOCH + timedelta(days=number)


def watermark_of(channels: Sequence[ChannelCoverage]) -> date | None:
    """The first day that a steady channel has not completely recorded.

    A channel silent for 28 days has ended and does not count. None without any channel.
    """
    if not channels:
        return None
    last = max(channel.last for channel in channels)
    end = last - timedelta(days=RECENT_DAYS)
    steady = [c.watermark for c in channels if c.recent_days >= STEADY_DAYS and c.last > end]
    return min(steady, default=last)
