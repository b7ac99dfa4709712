"""When customers buy, use the product and respond to contacts, and how they respond in each channel.

A time of day that more than half of a table's rows share is the time of a batch job, or midnight where only the day is
recorded: such rows have a day and no hour. So has any row at midnight to the second.

An open within an hour of its contact says when the contact was made, and not when the customer reads: it is no moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.customer_moments import PURCHASE, RESPONSE, USAGE, ChannelContacts, CustomerMoments
from tables.engines.arrays import numbers, seconds, texts
from tables.orders import IS_PURCHASE
from tables.tables import Tables

DAY_SECONDS, HOUR_SECONDS = 86_400, 3_600
BATCH_SHARE = 0.5
"Share of the rows at one time of day, above which it is that of a batch job."
MIN_BATCH = 3
"Rows of a batch."
RESPONSES = ("converted_at", "clicked_at", "opened_at")
"From the one that is worth most to the one that is worth least."


def load_customer_moments(tables: Tables, cutoff: date | None = None) -> CustomerMoments:
    """All moments before midnight of the cutoff (default: everything recorded), as known then."""
    view = tables.latest() if cutoff is None else tables.at(cutoff)
    parts = [_read(events, kind=kind) for kind, events in _list_events(view)]
    rows = pa.concat_tables([part for part in parts if len(part)] or [_NO_ROWS]).combine_chunks()
    rows = rows.sort_by([("time", "ascending"), ("customer_id", "ascending"), ("kind", "ascending")])
    return CustomerMoments(
        customer_ids=texts(rows["customer_id"]),
        times=seconds(rows["time"]).astype("datetime64[h]"),
        has_hour=numbers(rows["has_hour"]) == 1,
        kinds=texts(rows["kind"]),
        channels=texts(rows["channel"]),
    )


_NO_ROWS = pa.table(
    {
        "customer_id": pa.array([], pa.string()),
        "time": pa.array([], pa.timestamp("us")),
        "channel": pa.array([], pa.string()),
        "has_hour": pa.array([], pa.int8()),
        "kind": pa.array([], pa.string()),
    }
)


def _list_events(view: Tables) -> Iterator[tuple[str, ir.Table]]:
    """Customer, moment and channel of each event, by its kind."""
    if "purchases" in view and not view.is_undated("purchases"):
        yield PURCHASE, _select(view["purchases"].filter(IS_PURCHASE), "event_time")
    if "usage" in view:
        yield USAGE, _select(view["usage"], "event_time")
    if "contacts" in view:
        contacts = view["contacts"].filter(ibis._.treated)
        for name in (name for name in RESPONSES if name in contacts.columns):
            late = contacts[name] >= contacts.event_time + ibis.interval(hours=1)
            yield RESPONSE, _select(contacts.filter(late), name)


def _select(rows: ir.Table, time: str) -> ir.Table:
    channel = rows.channel.coalesce("") if time in RESPONSES and "channel" in rows.columns else ibis.literal("")
    dated = rows.filter(rows.customer_id.notnull(), rows[time].notnull())
    return dated.select("customer_id", moment=dated[time].cast("timestamp"), channel=channel)


def _read(events: ir.Table, *, kind: str) -> pa.Table:
    """Each customer's hours with an event, once."""
    clock = events.mutate(second=(events.moment.epoch_seconds() % DAY_SECONDS).cast("int64"))
    dateless = [0, *_find_batch_times(clock)]
    hourly = clock.mutate(
        time=clock.moment.truncate("h"), has_hour=(~clock.second.isin(dateless)).cast("int8"), kind=ibis.literal(kind)
    )
    columns = _NO_ROWS.column_names
    return hourly.select(columns).distinct().to_pyarrow().select(columns).cast(_NO_ROWS.schema)


def _find_batch_times(clock: ir.Table) -> list[int]:
    counts = clock.group_by("second").aggregate(n=ibis._.count())
    n_all = int(clock.count().to_pyarrow().as_py())
    return [
        int(row["second"])
        for row in counts.filter(counts.n > BATCH_SHARE * n_all, counts.n >= MIN_BATCH).to_pyarrow().to_pylist()
    ]


def load_channel_contacts(tables: Tables, cutoff: date | None = None) -> ChannelContacts:
    """The contacts made before midnight of the cutoff; none where `contacts` has no channels.

    With a cutoff, contacts without as many days to respond as `[offers] answer_days` are left out.
    """
    view = tables.latest() if cutoff is None else tables.at(cutoff)
    rows = _read_contacts(view)
    if cutoff is not None:
        until = np.datetime64(cutoff - timedelta(days=tables.config.offers.answer_days), "s")
        rows = rows.filter(pa.array(seconds(rows["event_time"]) < until))
    channels = texts(rows["channel"])
    responded = {name: numbers(rows[name]) == 1 for name in RESPONSES if name in rows.column_names}
    response = _comparable_response(channels, responded)
    return ChannelContacts(
        customer_ids=texts(rows["customer_id"]),
        sent_at=seconds(rows["event_time"]),
        channels=channels,
        responded=responded.get(response, np.zeros(len(channels), bool)),
        response=response,
    )


def _read_contacts(view: Tables) -> pa.Table:
    if "contacts" not in view or "channel" not in view["contacts"].columns:
        return pa.table(dict.fromkeys(("customer_id", "channel"), _NO_ROWS["channel"])).append_column(
            "event_time", _NO_ROWS["time"]
        )
    contacts = view["contacts"]
    made = contacts.filter(contacts.treated, contacts.customer_id.notnull(), contacts.channel.notnull())
    flags = {name: made[name].notnull().cast("int8") for name in RESPONSES if name in made.columns}
    rows = made.select("customer_id", "event_time", "channel", **flags)
    return rows.order_by(["event_time", "customer_id", "channel"]).to_pyarrow()


def _comparable_response(channels: NDArray[np.str_], responded: dict[str, NDArray[np.bool_]]) -> str:
    """The most valuable response that customers gave in every channel; '' without any."""
    names = np.unique(channels)
    complete = (one for one, flags in responded.items() if len(names) and len(np.unique(channels[flags])) == len(names))
    return next(complete, "")
