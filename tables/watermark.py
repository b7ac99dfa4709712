"""How far a table is completely recorded, channel by channel.

    web     x x x x x x x x x x x x     recorded until today
    shop    x x x x x x x x             its file comes once a week
    kiosk   x   x                       too rare to tell: a day without a sale is no gap
                            ^ watermark: the first day that is not complete

The day of a channel's last record is not taken as complete: records of its
evening may be missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import ibis.expr.types as ir

from tables.engines.expressions import Expression, ibis

DAY_SECONDS = 86_400
EPOCH = date(1970, 1, 1)
RECENT_DAYS = 28
STEADY_DAYS = 14
"A channel with records on so many of its last 28 days is one whose silence means something."


@dataclass(frozen=True)
class Recording:
    """When one channel recorded; the only one where the table knows no channels."""

    channel: str | None
    rows: int
    first: date
    last: date
    recent_days: int
    "Days with records among the 28 that end with the last one."

    @property
    def watermark(self) -> date:
        """The first day that the channel has not completely recorded: that of its last record."""
        return self.last


def recordings_of(table: ir.Table, happens_at: str | None) -> tuple[Recording, ...]:
    """The recordings of a table's channels, largest first; none where it is empty or its rows do not happen."""
    if happens_at is None:
        return ()
    time: Expression = table[happens_at].cast("timestamp").truncate("s")
    channel = table["channel"] if "channel" in table.columns else ibis.null("string")
    days = table.select(channel=channel, day=(time.epoch_seconds() / DAY_SECONDS).floor().cast("int64"))
    daily = days.group_by(["channel", "day"]).aggregate(found=ibis._.count())
    dated = daily.mutate(last_day=ibis._.day.max().over(group_by="channel"))
    recent = ibis.ifelse(ibis._.day > ibis._.last_day - RECENT_DAYS, 1, 0)
    channels = dated.group_by("channel").aggregate(
        rows=ibis._.found.sum(), first=ibis._.day.min(), last=ibis._.day.max(), recent_days=recent.sum()
    )
    found = channels.order_by([ibis.desc("rows"), "channel"]).to_pyarrow().to_pylist()
    return tuple(Recording(**{**row, "first": _day(row["first"]), "last": _day(row["last"])}) for row in found)


def _day(number: int) -> date:
    return EPOCH + timedelta(days=number)


def watermark_of(recordings: Sequence[Recording]) -> date | None:
    """The first day that a steady channel has not completely recorded; a channel silent for 28 days has ended."""
    if not recordings:
        return None
    last = max(recording.last for recording in recordings)
    ended = last - timedelta(days=RECENT_DAYS)
    steady = [r.watermark for r in recordings if r.recent_days >= STEADY_DAYS and r.last > ended]
    return min(steady, default=last)
