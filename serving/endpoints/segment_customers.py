"""GET /v1/segments/{name}/customers: the customers of one segment or customer tier, page by page."""

from __future__ import annotations

from typing import Annotated

import msgspec
import numpy as np

from core.access import Scope
from core.model_kinds import CHURN
from core.risk_level import RiskLevel
from serving.http.problems import Problem, ProblemType
from serving.http.schema import CustomerId, Endpoint, Request, RequestContext, Response, not_released, provenance_of
from serving.release.release import Release

SegmentName = Annotated[
    str, msgspec.Meta(min_length=1, max_length=128, description="A segment or customer tier.", examples=["loyal"])
]
Limit = Annotated[int, msgspec.Meta(ge=1, le=1000, description="Maximum number of customers.")]


class SegmentCustomersRequest(Request, frozen=True):
    """The segment, and which page of it."""

    name: SegmentName
    limit: Limit = 100
    after: CustomerId | None = None
    "The `next_after` of the previous page."


class SegmentCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """One customer of the segment."""

    customer_id: str
    churn_probability: float | None
    "Null without a score, and for customers who opted out of scoring."
    risk_level: RiskLevel | None
    value: float | None
    "Margin or revenue of the last 365 days, base currency; null if unknown."
    owner: str
    "Who looks after the customer; '' for none."
    contact_allowed: bool
    "Whether the customer has not refused to be contacted."


class SegmentCustomersResponse(Response, frozen=True, kw_only=True):
    """One page of customers, sorted by the bytes of their ids."""

    segment: str
    action: str
    "What the business does for these customers; '' if the configuration names nothing."
    total: int
    "Customers of the segment, on all pages."
    customers: list[SegmentCustomer]
    next_after: str | None
    "The `after` of the next page; null on the last one."


def handle(request: SegmentCustomersRequest, context: RequestContext) -> SegmentCustomersResponse:
    """Read one page of the release."""
    release, segments = context.release, context.release.segments
    if segments is None:
        raise not_released(release, "segments")
    group_and_rows = segments.members_of(request.name)
    if group_and_rows is None:
        names = ", ".join(group.name for group in segments.groups) or "none"
        raise Problem(ProblemType.UNKNOWN_SEGMENT, f"segments and customer tiers of this release: {names}")
    group, rows = group_and_rows
    first = 0
    if request.after is not None:
        # Not by number of rows: a page follows its predecessor in the next release as well.
        first = int(np.searchsorted(rows, segments.index.count_until(request.after)))
    page = rows[first : first + request.limit].tolist()
    has_more = first + request.limit < len(rows)
    return SegmentCustomersResponse(
        **provenance_of(release, CHURN.name),
        segment=group.name,
        action=group.action,
        total=len(rows),
        customers=[describe_customer(release, row) for row in page],
        next_after=segments.index.name(page[-1]) if page and has_more else None,
    )


def describe_customer(release: Release, row: int) -> SegmentCustomer:
    """The customer in a row of the release's segments."""
    segments, churn = release.segments, release.churn
    assert segments is not None
    customer_id = segments.index.name(row)
    return SegmentCustomer(
        customer_id=customer_id,
        churn_probability=None if churn is None else churn.probability_of(customer_id),
        risk_level=None if churn is None else churn.risk_level_of(customer_id),
        value=segments.yearly_value_of(row),
        owner=segments.owners[row],
        contact_allowed="contact" not in segments.opt_outs_of(customer_id),
    )


ENDPOINT = Endpoint(
    method="GET",
    path="/v1/segments/{name:id}/customers",
    request=SegmentCustomersRequest,
    response=SegmentCustomersResponse,
    handle=handle,
    summary="The customers of a segment or customer tier",
    scope=Scope.SCORE,
    problems=(ProblemType.UNKNOWN_SEGMENT,),
)
