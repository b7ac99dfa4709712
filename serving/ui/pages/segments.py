"""GET /ui/segments: segments and customer tiers with their figures."""

from __future__ import annotations

from serving.endpoints import segments
from serving.endpoints.segments import SegmentsRequest
from serving.http.schema import RequestContext
from serving.ui.answering import Content, make_page
from serving.ui.view import PageView


def build(context: RequestContext, view: PageView) -> Content:
    """The same figures as GET /v1/segments."""
    del view
    return Content("segments.html.j2", {"listed": segments.handle(SegmentsRequest(), context)})


PAGE = make_page("/ui/segments", build)
