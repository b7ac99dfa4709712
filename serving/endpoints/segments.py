"""GET /v1/segments: the segments and tiers with their size, value, risk and health, and what is done for them."""

from __future__ import annotations

from core.segmentation import SegmentFigures, ValueKind
from serving.http.schema import Answer, Endpoint, Question, RequestContext, not_released, source_of


class SegmentsQuestion(Question, frozen=True):
    """Nothing to say."""


class SegmentsAnswer(Answer, frozen=True, kw_only=True):
    """Segments, to several of which a customer may belong, and tiers, of which a customer has the first that fits."""

    currency: str
    value_kind: ValueKind
    "What a customer's value is; empty where neither purchases nor subscriptions tell."
    customers: int
    "Everybody who was one at the cutoff."
    segments: tuple[SegmentFigures, ...]
    customer_tiers: tuple[SegmentFigures, ...]


def respond(question: SegmentsQuestion, shop: RequestContext) -> SegmentsAnswer:
    """Pass on what was worked out when the release was made."""
    del question
    part = shop.release.segments
    if part is None:
        raise not_released(shop.release, "segments")
    return SegmentsAnswer(
        **source_of(shop.release, "churn"),
        currency=shop.release.description.currency,
        value_kind=part.value_kind,
        customers=len(part),
        segments=part.segments,
        customer_tiers=part.customer_tiers,
    )


ENDPOINT = Endpoint(
    "GET", "/v1/segments", SegmentsQuestion, SegmentsAnswer, respond, "Segments and tiers, and how they are doing"
)
