"""POST /v1/events: reports what customers do: purchases, views, carts, likes, ratings, preferences, consents."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated

import msgspec

from core.access import Scope
from core.errors import JournalBusy, SourceUnavailable
from core.events import AnyEvent, CustomerReport, Identify
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

logger = logging.getLogger("kizuna.serving")

RETRY_LATER = {"retry-after": "1"}


class EventsRequest(Request, frozen=True):
    """A batch of events."""

    events: Annotated[tuple[CustomerReport, ...], msgspec.Meta(min_length=1, max_length=1000)]


class EventsResponse(Response, frozen=True, kw_only=True):
    """What became of the batch; `stored`, `already_stored` and the refused ones add up to all."""

    stored: int
    "On the disk now, and part of the next answer to their customers."
    already_stored: int
    "Their event_id was stored before, or occurs twice in the batch; the first one counts."
    refused: list[RefusedEntry]
    "The others are stored all the same."


async def handle(request: EventsRequest, context: RequestContext) -> EventsResponse:
    """Store the events durably, then respond."""
    for event in request.events:
        _require_permission(event, context)
    now = datetime.now(UTC)
    reasons = [event.refusal(now) for event in request.events]
    accepted = [event for event, reason in zip(request.events, reasons, strict=True) if not reason]
    n_new = await store_events(_with_own_ids(accepted, context.admission.customer_id), context)
    return EventsResponse(
        **provenance_of(context.release, None),
        stored=n_new,
        already_stored=len(accepted) - n_new,
        refused=list_refused(reasons),
    )


def _require_permission(event: CustomerReport, context: RequestContext) -> None:
    """Raise Problem where a page reports about another customer, or claims what another visitor did."""
    if isinstance(event, Identify) and context.admission.customer_id is not None:
        raise Problem(ProblemType.FORBIDDEN, "identify events come from your server, with a key of its own")
    context.admission.require_customer(event.customer_id or event.subject)


def _with_own_ids(events: Sequence[CustomerReport], customer_id: str | None) -> Sequence[CustomerReport]:
    """The events of a page under ids of its own customer.

    Of two events with one id the first counts, and ids such as those of orders can be guessed: a page could keep what
    the shop's server reports out of the journal.
    """
    if customer_id is None:
        return events
    digests = [sha256(f"{customer_id}\0{event.event_id}".encode()).hexdigest() for event in events]
    return [
        msgspec.structs.replace(event, event_id=f"page-{digest}") for event, digest in zip(events, digests, strict=True)
    ]


async def store_events(events: Sequence[AnyEvent], context: RequestContext) -> int:
    """Store events durably; returns how many are new. Raises Problem if nothing was stored."""
    if not events:
        return 0
    try:
        return await context.journal.append(events)
    except JournalBusy as error:
        detail = "events arrive faster than the disk stores them; send the request again"
        raise Problem(ProblemType.TOO_MANY_REQUESTS, detail, headers=RETRY_LATER) from error
    except SourceUnavailable as error:
        logger.error("%s", error)
        detail = "nothing was stored; send the request again, and see the log of the service"
        raise Problem(ProblemType.EVENTS_UNAVAILABLE, detail, headers=RETRY_LATER) from error


ENDPOINT = Endpoint(
    method="POST",
    path="/v1/events",
    request=EventsRequest,
    response=EventsResponse,
    handle=handle,
    summary="Report what customers do",
    scope=Scope.INGEST,
    open_to_browsers=True,
    problems=(ProblemType.EVENTS_UNAVAILABLE,),
)
