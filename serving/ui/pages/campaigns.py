"""GET /ui/campaigns: the plan of each campaign and what it has changed, as of the release."""

from __future__ import annotations

from serving.http.schema import RequestContext
from serving.ui.answering import Content, make_page
from serving.ui.view import PageView


def build(context: RequestContext, view: PageView) -> Content:
    """The lines of `kizuna campaign show`, with charts of the effects."""
    del view
    part = context.release.report
    return Content("campaigns.html.j2", {"summary": None if part is None else part.summary})


PAGE = make_page("/ui/campaigns", build)
