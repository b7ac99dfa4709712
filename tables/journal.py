"""Adds the events that the service has stored to the tables, each once.

    purchases of the source    o1 tea    o2 jam        watermark
    stored events              o1 tea              o3 cup | o4 tea      o1 is known already, o3 should be
    purchases                  o1 tea    o2 jam           | o4 tea

A row of the source wins over the same event: one with its `line_id`, or its `order_id` and `item_id`; it only takes the
`recommendation_id` of the event, if it has none. Where the source is complete, before its watermark, it wins
altogether: what it does not have was cancelled. Events of a type that the source does not record, such as views, are
all added. The watermark stays that of the source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from tables.added_rows import add_table, conform_rows, replace_rows, select_columns
from tables.journal_items import ITEMS, add_items
from tables.tables import Tables, usable_rows

CREDIT = "recommendation_id"
LINE_KEYS = (("line_id",), ("order_id", "item_id"))
"What makes a stored purchase the same as a line of the source."


def add_events(tables: Tables, rows: Mapping[str, pa.Table], *, number: int) -> Tables:
    """The tables with stored events in the form of the contract, by table; `number` is that of the last event."""
    for name, added in rows.items():
        if len(added) and tables.config.journal.uses(name, is_mapped=name in tables):
            tables = add_items(tables, added) if name == ITEMS else _add(tables, name, rows=added)
    return replace(tables, journal_number=number)


def _add(tables: Tables, name: str, *, rows: pa.Table) -> Tables:
    added = conform_rows(tables, name, rows=rows)
    if name not in tables:
        return add_table(tables, name, added=added)
    own, events = tables.usable[name], usable_rows(added)
    if CREDIT in rows.column_names and rows[CREDIT].null_count < len(rows):
        own = _credit(own, events)
    if name == "purchases":
        for keys in LINE_KEYS:
            if set(keys) <= set(own.columns):
                events = events.anti_join(own.filter(own[keys[0]].notnull()).select(*keys), list(keys))
    if name in ("purchases", "usage", "exposures") and not tables.is_undated(name):
        events = _keep_unrecorded(tables, name, events=events)
    types = {column: own[column].type() for column in own.columns}
    return replace_rows(tables, name, rows=own.union(select_columns(events, types)))


def _credit(own: ir.Table, events: ir.Table) -> ir.Table:
    """The rows of the source with the `recommendation_id` of the same event, where they have none."""
    if CREDIT not in own.columns:
        own = own.mutate(**{CREDIT: ibis.null("string")})
    for keys in LINE_KEYS:
        if set(keys) <= set(own.columns) & set(events.columns):
            credited = events.filter(events[CREDIT].notnull(), *(events[key].notnull() for key in keys))
            credited = credited.group_by(keys).aggregate(credit=credited[CREDIT].min())
            joined = own.left_join(credited, list(keys))
            own = joined.select(
                *(column for column in own.columns if column != CREDIT),
                **{CREDIT: joined[CREDIT].coalesce(joined.credit)},
            )
    return own


def _keep_unrecorded(tables: Tables, name: str, *, events: ir.Table) -> ir.Table:
    """The events from the watermark of the source on, and those of types that it does not record."""
    is_late = events.event_time >= ibis.literal(datetime.combine(tables.watermark(name), time()))
    if name != "usage":
        return events.filter(is_late)
    recorded = tables.usable[name].select(recorded="event").distinct()
    joined = events.left_join(recorded, events.event == recorded.recorded)
    late = joined.event_time >= ibis.literal(datetime.combine(tables.watermark(name), time()))
    return joined.filter(joined.recorded.isnull() | late).select(*events.columns)
