"""GET /v1/kpis: the figures of the report and what campaigns have changed, as of the release."""

from __future__ import annotations

from core.access import Scope
from core.business_summary import BusinessSummary
from serving.http.schema import Endpoint, Request, RequestContext, Response, not_released, provenance_of
from serving.release.report_part import NAME


class KpisRequest(Request, frozen=True):
    """No parameters."""


class KpisResponse(Response, frozen=True, kw_only=True):
    """Figures of all customers, of the last twelve months or of the day of the report, with 90 % intervals."""

    currency: str
    "Of all amounts."
    summary: BusinessSummary
    "The same as /ui/report and /ui/campaigns show. `kizuna report` has groups of customers as well."


def handle(request: KpisRequest, context: RequestContext) -> KpisResponse:
    """Return what `kizuna release` has computed of the business."""
    del request
    release = context.release
    if release.report is None:
        raise not_released(release, NAME)
    return KpisResponse(
        **provenance_of(release, None), currency=release.description.currency, summary=release.report.summary
    )


ENDPOINT = Endpoint(
    method="GET",
    path="/v1/kpis",
    request=KpisRequest,
    response=KpisResponse,
    handle=handle,
    summary="Figures of the report, and campaigns",
    scope=Scope.READ,
)
