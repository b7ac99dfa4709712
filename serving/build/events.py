"""Reads the stored events in the form of the tables that they belong to; times are local."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from core.events import (
    EVENT_TABLES,
    AnyEvent,
    Cart,
    Consent,
    Exposure,
    Identify,
    ItemChange,
    Like,
    Preference,
    Purchase,
    Rate,
    View,
    moment_of,
    type_of,
)
from core.ids import canonical_id
from serving.journal.database import JournalConnection, Position
from serving.journal.overlay import merge_changes

CLICKS = (View, Cart, Like, Rate)
"Events with which a customer reacts to an item that was shown."
_TIME, _TEXT, _NUMBER = pa.timestamp("us"), pa.string(), pa.float64()
SCHEMAS: dict[str, pa.Schema] = {
    "purchases": pa.schema(
        {
            "customer_id": _TEXT, "event_time": _TIME, "item_id": _TEXT, "amount": _NUMBER, "quantity": _NUMBER,
            "order_id": _TEXT, "line_id": _TEXT, "currency": _TEXT, "channel": _TEXT, "recommendation_id": _TEXT,
        }
    ),
    "usage": pa.schema(
        {
            "customer_id": _TEXT, "event_time": _TIME, "event": _TEXT, "item_id": _TEXT, "value": _NUMBER,
            "channel": _TEXT,
        }
    ),
    "exposures": pa.schema(
        {
            "customer_id": _TEXT, "event_time": _TIME, "item_id": _TEXT, "position": pa.int64(),
            "recommendation_id": _TEXT, "channel": _TEXT, "clicked_at": _TIME,
        }
    ),
    "preferences": pa.schema({"customer_id": _TEXT, "event_time": _TIME, "key": _TEXT, "value": _TEXT}),
    "consents": pa.schema({"customer_id": _TEXT, "event_time": _TIME, "purpose": _TEXT, "granted": pa.bool_()}),
    "identities": pa.schema({"alias_id": _TEXT, "customer_id": _TEXT, "recorded_time": _TIME}),
    "items": pa.schema(
        {
            "item_id": _TEXT, "event_time": _TIME, "first_time": _TIME, "title": _TEXT, "category": _TEXT,
            "price": _NUMBER, "available": pa.bool_(), "attributes": pa.map_(_TEXT, _TEXT),
        }
    ),
}  # fmt: skip


@dataclass(frozen=True)
class StoredRows:
    """The events of the journal up to one of them."""

    tables: dict[str, pa.Table]
    "By name of the table."
    number: int
    "Of the last event; 0 for an empty journal."


def read_events(journal: JournalConnection, zone: ZoneInfo) -> StoredRows:
    """All events, those of visitors who never became a customer only as purchases without one.

    Raises SourceUnavailable.
    """
    number, links = journal.last_number(), Links(zone)
    blocks = {name: [pa.Table.from_pylist([], schema)] for name, schema in SCHEMAS.items()}
    for events in _iterate(journal, number):
        links.add(events)
    items = ItemRows(links)
    for events in _iterate(journal, number):
        rows: dict[str, list[dict[str, Any]]] = {name: [] for name in EVENT_TABLES}
        for event in events:
            if isinstance(event, ItemChange):
                rows["items"].append(items.add(event))
            else:
                rows[event.table] += _rows_of(event, links)
        for name, schema in SCHEMAS.items():
            blocks[name].append(pa.Table.from_pylist(rows[name], schema))
    return StoredRows({name: pa.concat_tables(some) for name, some in blocks.items()}, number)


@dataclass
class Links:
    """What events say of other events."""

    zone: ZoneInfo
    visitors: set[str] = field(default_factory=set[str])
    "Visitors who became customers."
    clicks: dict[tuple[str | None, str], datetime] = field(default_factory=dict[tuple[str | None, str], datetime])
    "By recommendation_id and item: when the item was first looked at, put into the cart, liked or rated; local time."

    def add(self, events: Iterable[AnyEvent]) -> None:
        """Note the links of some events, in the order of the journal."""
        for event in events:
            if isinstance(event, Identify):
                self.visitors.add(event.subject)
            elif isinstance(event, CLICKS) and event.recommendation_id is not None:
                self.clicks.setdefault((event.recommendation_id, event.item_id), self.localise(event))

    def localise(self, event: AnyEvent) -> datetime:
        """When an event happened, local time."""
        return moment_of(event).astimezone(self.zone).replace(tzinfo=None)


class ItemRows:
    """What is known of each item after each change; `first_time` is that of its first one."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self._first: dict[str, datetime] = {}
        self._latest: dict[str, ItemChange] = {}

    def add(self, event: ItemChange) -> dict[str, Any]:
        """The row of a change, with the values that stay."""
        item_id, local = event.subject, self._links.localise(event)
        before = self._latest.get(item_id)
        merged = self._latest[item_id] = event if before is None else merge_changes(before, event)
        first = self._first.setdefault(item_id, local)
        columns = {name: getattr(merged, name) for name in ("title", "category", "price", "available", "attributes")}
        return {"item_id": item_id, "event_time": local, "first_time": first, **columns}


def _iterate(journal: JournalConnection, number: int) -> Iterator[list[AnyEvent]]:
    for block in journal.read_since(Position()):
        yield [stored.event for stored in block if stored.number <= number]


def _rows_of(event: AnyEvent, links: Links) -> list[dict[str, Any]]:
    """The rows that an event is in its table; none without a customer where the table needs one."""
    local = links.localise(event)
    customer = event.subject
    is_visitor = getattr(event, "customer_id", None) is None
    if is_visitor and customer not in links.visitors:
        customer = None
    if isinstance(event, Purchase):
        return [{**_line_of(event), "customer_id": customer, "event_time": local}]
    if customer is None:
        return []
    return [{"customer_id": customer, "event_time": local, **row} for row in _facts_of(event, links)]


def _line_of(event: Purchase) -> dict[str, Any]:
    names = ("item_id", "amount", "quantity", "order_id", "line_id", "currency", "channel", "recommendation_id")
    return {name: getattr(event, name) for name in names}


def _show_of(event: Exposure, links: Links) -> dict[str, Any]:
    names = ("item_id", "position", "recommendation_id", "channel")
    clicked_at = links.clicks.get((event.recommendation_id, event.item_id))
    return {name: getattr(event, name) for name in names} | {"clicked_at": clicked_at}


def _facts_of(event: AnyEvent, links: Links) -> list[dict[str, Any]]:
    """What an event says, as columns of its table."""
    match event:
        case View() | Cart() | Like() | Rate():
            value = event.rating if isinstance(event, Rate) else None
            return [{"event": type_of(event), "item_id": event.item_id, "value": value, "channel": event.channel}]
        case Exposure():
            return [_show_of(event, links)]
        case Preference():
            return [{"key": event.key, "value": value} for value in event.values]
        case Consent():
            return [{"purpose": event.purpose, "granted": event.granted}]
        case Identify():
            customer = canonical_id(event.customer_id)
            return [{"alias_id": event.subject, "customer_id": customer, "recorded_time": links.localise(event)}]
        case _:
            return []
