"""PATCH /v1/items: changes price, stock, title, category and attributes of items; the next answers have them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated
from uuid import uuid4

import msgspec

from core.access import Scope
from core.events import ItemChange, ItemId, Price, Text, Word
from core.ledger import ITEMS_CHANGED, LedgerEntry
from serving.endpoints.events import store_events
from serving.http.audit import compare_items
from serving.http.problems import Problem, ProblemType
from serving.http.schema import (
    Endpoint,
    RefusedEntry,
    Request,
    RequestContext,
    Response,
    list_refused,
    provenance_of,
)

Attributes = Annotated[dict[Word, Word], msgspec.Meta(max_length=50)]


class ChangedItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """New values of an item; what is not given stays as it is."""

    item_id: ItemId
    title: Text | None = None
    category: Word | None = None
    price: Price | None = None
    available: bool | None = None
    "Whether it may be recommended and offered; an item of PUT /v1/stock that is out of stock stays so."
    attributes: Attributes = msgspec.field(default_factory=dict)
    "Values of further attributes, such as brand, that `[attributes] items` lists."


class ItemsChangeRequest(Request, frozen=True):
    """The items to change."""

    items: Annotated[tuple[ChangedItem, ...], msgspec.Meta(min_length=1, max_length=1000)]


class ItemsChangeResponse(Response, frozen=True, kw_only=True):
    """What became of the changes. They are on the disk, and count from the next answer on."""

    changed: int
    "Items of the active release."
    new: list[str]
    "Items that it does not have."
    refused: list[RefusedEntry]
    "The others are stored all the same."


async def handle(request: ItemsChangeRequest, context: RequestContext) -> ItemsChangeResponse:
    """Store the changes durably, then respond."""
    part = context.release.recommender
    changes = [ItemChange(event_id=uuid4().hex, **msgspec.structs.asdict(item)) for item in request.items]
    reasons = [change.find_fault() for change in changes]
    accepted = [change for change, reason in zip(changes, reasons, strict=True) if not reason]
    earlier = context.journal.items
    entry = await asyncio.to_thread(_record, accepted, context, earlier=earlier)
    try:
        await store_events(accepted, context)
    except Problem:
        await asyncio.to_thread(context.audit.record_failure, entry, admission=context.admission)
        raise
    ids = dict.fromkeys(change.subject for change in accepted)
    new = [item_id for item_id in ids if part is None or part.code_of(item_id) < 0]
    return ItemsChangeResponse(
        **provenance_of(context.release, None),
        changed=len(ids) - len(new),
        new=new,
        refused=list_refused(reasons),
    )


def _record(
    changes: Sequence[ItemChange], context: RequestContext, *, earlier: Mapping[str, ItemChange]
) -> LedgerEntry | None:
    items = compare_items(changes, part=context.release.recommender, earlier=earlier)
    return context.audit.record(ITEMS_CHANGED, {"items": items}, admission=context.admission) if items else None


ENDPOINT = Endpoint(
    method="PATCH",
    path="/v1/items",
    request=ItemsChangeRequest,
    response=ItemsChangeResponse,
    handle=handle,
    summary="Change price, stock or attributes of items",
    scope=Scope.INGEST,
    problems=(ProblemType.EVENTS_UNAVAILABLE,),
)
