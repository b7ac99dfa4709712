"""PATCH /v1/items: changes price, stock, title, category and attributes of items; the next answers have them."""

from __future__ import annotations

import logging
from typing import Annotated
from uuid import uuid4

import msgspec

from core.access import Scope
from core.errors import SourceUnavailable
from core.events import ItemChange, ItemId, Price, Text, Word
from serving.http.problems import Problem, ProblemType
from serving.http.schema import Endpoint, Request, RequestContext, Response, provenance_of

logger = logging.getLogger("kizuna.serving")

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


class ItemRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """A change that was not stored."""

    position: int
    "In the request, from 0."
    reason: str


class ItemsChangeResponse(Response, frozen=True, kw_only=True):
    """What became of the changes. They are on the disk, and count from the next answer on."""

    changed: int
    "Items of the active release."
    new: list[str]
    "Items that it does not have: they are recommended from the next release on."
    refused: list[ItemRefusal]
    "The others are stored all the same."


async def handle(request: ItemsChangeRequest, context: RequestContext) -> ItemsChangeResponse:
    """Store the changes durably, then respond."""
    part = context.release.recommender
    changes = [ItemChange(event_id=uuid4().hex, **msgspec.structs.asdict(item)) for item in request.items]
    reasons = [change.find_fault() for change in changes]
    accepted = [change for change, reason in zip(changes, reasons, strict=True) if not reason]
    try:
        if accepted:
            await context.journal.append(accepted)
    except SourceUnavailable as error:
        logger.error("%s", error)
        detail = "nothing was stored; send the changes again, and see the log of the service"
        raise Problem(ProblemType.EVENTS_UNAVAILABLE, detail, headers={"retry-after": "1"}) from error
    ids = dict.fromkeys(change.subject for change in accepted)
    new = [item_id for item_id in ids if part is None or part.code_of(item_id) < 0]
    return ItemsChangeResponse(
        **provenance_of(context.release, None),
        changed=len(ids) - len(new),
        new=new,
        refused=[ItemRefusal(position=place, reason=reason) for place, reason in enumerate(reasons) if reason],
    )


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
