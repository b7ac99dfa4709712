"""GET /ui/segment?name=: the customers of one segment or customer tier, page by page."""

from __future__ import annotations

import msgspec

from serving.endpoints import segment_customers
from serving.endpoints.segment_customers import SegmentCustomersRequest
from serving.http.problems import Problem, ProblemType
from serving.http.schema import RequestContext
from serving.ui.answering import DETAILS, Content, make_page
from serving.ui.view import PageView

N_CUSTOMERS = 50


def build(context: RequestContext, view: PageView) -> Content:
    """The same customers as GET /v1/segments/{name}/customers."""
    query = {"name": view.request.query.get("name", ""), "after": view.request.query.get("after"), "limit": N_CUSTOMERS}
    try:
        page = msgspec.convert(query, SegmentCustomersRequest)
    except msgspec.ValidationError as error:
        raise Problem(ProblemType.UNKNOWN_SEGMENT, DETAILS[ProblemType.UNKNOWN_SEGMENT]) from error
    return Content("segment.html.j2", {"listed": segment_customers.handle(page, context)})


PAGE = make_page("/ui/segment", build)
