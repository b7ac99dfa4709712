"""POST /v1/outcomes: reports what came of decisions: sent, opened, clicked, converted, unsubscribed."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from core.access import Scope
from core.decisions import DecisionOutcome, OutcomeKind
from core.errors import SourceUnavailable
from core.ids import Id, digest_of
from serving.decisions.store import DecisionStore, OutcomesAdded
from serving.http.problems import Problem, ProblemType
from serving.http.schema import Endpoint, RefusedEntry, Request, RequestContext, Response, provenance_of

logger = logging.getLogger("kizuna.serving")

Amount = Annotated[float, msgspec.Meta(ge=0, le=1e15)]


class ReportedOutcome(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that came of a decision."""

    decision_id: Id
    "As in the response or the list that contained the decision."
    kind: OutcomeKind
    event_time: Annotated[datetime, msgspec.Meta(tz=True)]
    "With an offset, such as 2026-04-01T12:00:00+09:00."
    outcome_id: Id | None = None
    "The same id twice is one outcome. Default: one outcome for each decision, kind and time."
    amount: Amount | None = None
    "Of a conversion, base currency."


class OutcomesRequest(Request, frozen=True):
    """A batch of outcomes."""

    outcomes: Annotated[tuple[ReportedOutcome, ...], msgspec.Meta(min_length=1, max_length=1000)]


class OutcomesResponse(Response, frozen=True, kw_only=True):
    """What became of the batch; `stored`, `already_stored` and the refused ones add up to all."""

    stored: int
    already_stored: int
    "Stored before, or twice in the batch; an outcome counts once."
    refused: list[RefusedEntry]
    "The others are stored all the same."


def handle(request: OutcomesRequest, context: RequestContext) -> OutcomesResponse:
    """Write the outcomes to the database, then respond."""
    zone = ZoneInfo(context.release.description.time_zone)
    store = DecisionStore(context.decisions, context.release.description.data_set)
    outcomes = [_outcome_of(reported, zone) for reported in request.outcomes]
    try:
        added = store.add_outcomes(outcomes, now=datetime.now(zone).replace(tzinfo=None))
    except SourceUnavailable as error:
        logger.error("%s", error)
        detail = "nothing was stored; send the batch again, and see the log of the service"
        raise Problem(ProblemType.DECISIONS_UNAVAILABLE, detail) from error
    return _response(added, context)


def _outcome_of(reported: ReportedOutcome, zone: ZoneInfo) -> DecisionOutcome:
    """The outcome in local time, with an id of its own."""
    try:
        local = reported.event_time.astimezone(zone).replace(tzinfo=None)
    except OverflowError:  # the first or the last day of the calendar, at the other side of the date line
        local = reported.event_time.replace(tzinfo=None)
    digest = digest_of([reported.decision_id, reported.kind, local])
    return DecisionOutcome(
        outcome_id=reported.outcome_id or digest,
        decision_id=reported.decision_id,
        kind=reported.kind,
        event_time=local,
        amount=reported.amount,
    )


def _response(added: OutcomesAdded, context: RequestContext) -> OutcomesResponse:
    return OutcomesResponse(
        **provenance_of(context.release, None),
        stored=added.n_stored,
        already_stored=added.n_known,
        refused=[RefusedEntry(position=one.position, reason=one.reason) for one in added.refused],
    )


ENDPOINT = Endpoint(
    method="POST",
    path="/v1/outcomes",
    request=OutcomesRequest,
    response=OutcomesResponse,
    handle=handle,
    summary="Report what came of decisions",
    scope=Scope.INGEST,
    blocking=True,
    problems=(ProblemType.DECISIONS_UNAVAILABLE,),
)
