"""GET /ui/style.css: the stylesheet of all pages."""

from __future__ import annotations

from starlette.responses import Response as HttpResponse

from serving.http.page import Page, PageRequest
from serving.http.schema import RequestContext
from serving.ui.answering import TEMPLATES

STYLE = (TEMPLATES / "style.css").read_text(encoding="utf-8")


def show(request: PageRequest, context: RequestContext | None) -> HttpResponse:
    """The same for every key, so that pages about a missing scope have it, too."""
    del request, context
    return HttpResponse(STYLE, media_type="text/css")


PAGE = Page(method="GET", path="/ui/style.css", handle=show)
