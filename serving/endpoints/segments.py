"""GET /v1/segments: segments and customer tiers with size, value, churn risk, health and action."""

from __future__ import annotations

from core.access import Scope
from core.model_kinds import CHURN
from core.segmentation import SegmentFigures, ValueKind
from serving.http.schema import Endpoint, Request, RequestContext, Response, not_released, provenance_of


class SegmentsRequest(Request, frozen=True):
    """No parameters."""


class SegmentsResponse(Response, frozen=True, kw_only=True):
    """Segments, of which a customer may be in several, and customer tiers, of which a customer is in one at most."""

    currency: str
    value_kind: ValueKind
    "How a customer's value is measured; empty if there are neither purchases nor subscriptions."
    customers: int
    "Number of customers at the cutoff."
    segments: tuple[SegmentFigures, ...]
    customer_tiers: tuple[SegmentFigures, ...]


def handle(request: SegmentsRequest, context: RequestContext) -> SegmentsResponse:
    """Return the figures of the release."""
    del request
    part = context.release.segments
    if part is None:
        raise not_released(context.release, "segments")
    return SegmentsResponse(
        **provenance_of(context.release, CHURN.name),
        currency=context.release.description.currency,
        value_kind=part.value_kind,
        customers=len(part),
        segments=part.segments,
        customer_tiers=part.customer_tiers,
    )


ENDPOINT = Endpoint(
    method="GET",
    path="/v1/segments",
    request=SegmentsRequest,
    response=SegmentsResponse,
    handle=handle,
    summary="Segments and customer tiers with their figures",
    scope=Scope.SCORE,
)
