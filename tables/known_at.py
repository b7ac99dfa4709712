"""What is known of a table: the rows and cells known at a cutoff, and how far it is completely recorded.

    recorded 03-01: line 7, 20 EUR     recorded 03-09: line 7, 0 EUR
    |-------------- cutoff 03-05 sees 20 --|-- cutoff 03-10 sees 0 --

Without a cutoff, everything recorded is known. A table is completely recorded up to its watermark:

    web     x x x x x x x x x x x x     recorded until today
    shop    x x x x x x x x             its file comes once a week
    kiosk   x   x                       too rare: a day without a sale is no gap
                            ^ watermark: the first day that is not complete

The day of a channel's last record counts as incomplete: records of its evening may be missing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import ibis
import ibis.expr.types as ir

from core.errors import DataError
from tables.cleaning.source_columns import ROW_NUMBER, columns_of, drop_row_numbers
from tables.contract_types import DATING_COLUMNS, TableContract
from tables.engines.databases import comparable_text

OF_AN_END = ("end_reason", "end_kind")
"They say why a subscription ended, and nothing of one that has not."

CONTACT_TABLES = ("tickets", "surveys", "contacts", "opportunities")
"Tables whose rows say when a customer was in touch, but not who is a customer."


def require_columns(table: ir.Table, contract: TableContract, *, source: ir.Table) -> ir.Table:
    """The table. Raises DataError where a column is absent that all but recommendations need."""
    lacking = [column for column in contract.mandatory_columns if column not in table.columns]
    if lacking:
        raise DataError(
            f"{contract.name} has no {lacking[0]}; everything but recommendations needs it; found: "
            f"{', '.join(columns_of(source))}; say which one it is under [tables.{contract.name}.columns]"
        )
    return table


def keep_known_rows(table: ir.Table, contract: TableContract, *, cutoff: date | None) -> ir.Table:
    """The rows that had happened and were recorded before the cutoff."""
    if cutoff is None:
        return table
    dating = contract.dating_column(table.columns)
    times = [name for name in (contract.happens_at, dating) if name in table.columns]
    conditions = [_is_before(table[name], cutoff) for name in times]
    if "recorded_time" in table.columns and dating != "recorded_time":
        conditions.append(table.recorded_time.isnull() | _is_before(table.recorded_time, cutoff))
    return table.filter(ibis.and_(*conditions)) if conditions else table


def blank_unknown_cells(table: ir.Table, contract: TableContract, *, cutoff: date | None) -> ir.Table:
    """The table with cells set to missing that became known after their row, and not before the cutoff.

    Without a cutoff, the reason of an end that has not come is missing, as it is at every cutoff.
    """
    late = {
        column.name: ibis.ifelse(
            table[column.known_at].notnull() if cutoff is None else _is_before(table[column.known_at], cutoff),
            table[column.name],
            ibis.null(table[column.name].type()),
        )
        for column in contract.columns
        if column.name in table.columns
        and column.known_at in table.columns
        and (cutoff is not None or column.name in OF_AN_END)
    }
    return table.mutate(**late) if late else table


def columns_without_date(contract: TableContract, columns: Collection[str]) -> tuple[str, ...]:
    """The columns whose cells may have been written at any time, perhaps today.

    These are cells whose known-at column is absent, unless the rows of a table of things are dated, and in one whose
    rows are not, every other column but the key.
    """
    is_dated = contract.dating_column(columns) is not None
    is_undated = contract.key is not None and not is_dated

    def may_be_late(name: str) -> bool:
        known_at = contract[name].known_at if name in contract else None
        return known_at not in columns and not is_dated if known_at is not None else is_undated

    return tuple(name for name in columns if name != contract.key and may_be_late(name))


def line_key(table: ir.Table) -> list[str]:
    """The columns that name a line: its id, and its order where there is one, whose lines may be counted from 1."""
    return [name for name in ("order_id", "line_id") if name in table.columns]


def keep_newest_versions(table: ir.Table) -> ir.Table:
    """One row per line: the one recorded last. Lines without an id are all kept."""
    times = [table[name] for name in ("recorded_time", "event_time") if name in table.columns]
    values = [table[name] for name in ("event_time", "amount", "item_id") if name in table.columns]
    order = [ibis.desc(value) for value in [*([ibis.coalesce(*times)] if times else []), *values]]
    ranks = table.mutate(version_rank=ibis.row_number().over(group_by=line_key(table), order_by=order))
    return ranks.filter(ranks.line_id.isnull() | (ranks.version_rank == 0)).drop("version_rank")


def keep_last_rows(table: ir.Table, contract: TableContract) -> ir.Table:
    """One row per thing: its last dated one. Tables of events are returned without row numbers.

    Of rows dated alike the one recorded last counts, then the later line of the files. In a database, where rows have
    no order, the greater value counts, column by column in the order of the contract.
    """
    if contract.key is None:
        return drop_row_numbers(table)
    rank = ibis.row_number().over(group_by=contract.key, order_by=order_of_rows(table, contract))
    ranks = table.mutate(row_rank=rank)
    return drop_row_numbers(ranks.filter(ranks.row_rank == 0).drop("row_rank"))


def find_ties(table: ir.Table, contract: TableContract) -> ir.Table:
    """The rows dated and recorded alike as another row of their thing that says something else.

    Nothing but their values, or their place in a file, decides which one counts.
    """
    alike = [contract.key, *(name for name in DATING_COLUMNS if name in table.columns)]
    rows = drop_row_numbers(table).distinct()
    n_rows = ibis._.count().over(group_by=alike)
    ties = rows.mutate(n_alike=n_rows)
    return ties.filter(ties.n_alike > 1).drop("n_alike")


def order_of_rows(table: ir.Table, contract: TableContract) -> list[ir.Value]:
    """What decides which row of a thing counts, the row that counts first."""
    dates = [contract.dating_column(table.columns), "recorded_time", ROW_NUMBER]
    listed = [name for name in contract.names if name in table.columns and name not in (contract.key, *DATING_COLUMNS)]
    attributes = [name for name in table.columns if name not in (*contract.names, ROW_NUMBER)]
    names = dict.fromkeys(name for name in [*dates, *listed, *attributes] if name is not None and name in table.columns)
    # Engines sort missing values to different ends, and text by the rules of a language or by its bytes.
    return [ibis.desc(comparable_text(table[name]), nulls_first=False) for name in names]


def _is_before(time: ir.Value, cutoff: date) -> ir.BooleanValue:
    if time.type().is_date():
        return time < ibis.literal(cutoff, "date")
    return time < ibis.literal(datetime(cutoff.year, cutoff.month, cutoff.day), "timestamp")


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

    Empty if the table is empty, has no times or is a table of things (`happens_at` is None).
    """
    if happens_at is None or happens_at not in table.columns:
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


def choose_cutoff_tables(names: Collection[str]) -> tuple[str, ...]:
    """Of the tables of a data set, those whose watermarks decide the default cutoff; see `Tables.cutoff_tables`."""
    choices = (("purchases", "usage"), ("subscriptions",), CONTACT_TABLES)
    present = (tuple(name for name in choice if name in names) for choice in choices)
    return next(filter(None, present), ("subscriptions",))
