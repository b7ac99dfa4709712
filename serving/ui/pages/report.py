"""GET /ui/report: the figures of the report, as `kizuna release` has computed them."""

from __future__ import annotations

from serving.http.schema import RequestContext
from serving.ui.answering import Content, make_page
from serving.ui.view import PageView


def build(context: RequestContext, view: PageView) -> Content:
    """The figures of `kizuna report` for all customers."""
    del view
    part = context.release.report
    return Content("report.html.j2", {"summary": None if part is None else part.summary})


PAGE = make_page("/ui/report", build)
