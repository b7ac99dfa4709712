"""Answers requests for pages: checks the key, renders the template, and writes problems as pages as well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import RedirectResponse
from starlette.responses import Response as HttpResponse

from core.access import Scope
from serving.http.admission import Admission
from serving.http.page import Page, PageRequest
from serving.http.problems import Problem, ProblemType
from serving.http.schema import RequestContext
from serving.ui import charts
from serving.ui.view import PageView, choose_language

TEMPLATES = Path(__file__).with_name("templates")
HEADERS = {
    "content-security-policy": (
        "default-src 'self'; script-src 'none'; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'; img-src data:"
    ),
    # Not no-referrer: browsers would then send `Origin: null` with forms.
    "referrer-policy": "same-origin",
    "vary": "accept-language",
}
"Of every page. Its only image is the empty icon, without which browsers ask for /favicon.ico."
DETAILS = {
    ProblemType.INVALID_REQUEST: "the address or the form contains what this page does not know",
    ProblemType.UNKNOWN_SEGMENT: "see the page of all segments",
    ProblemType.WRONG_TRANSITION: "another person has changed the task; open the page of tasks again",
}
"What the API says about these is for programs, with names of fields and states."
NEEDS = {
    Scope.READ: "this page needs a key with the scope `read`",
    Scope.TASKS: "changing tasks needs a key with the scope `tasks`",
}


@dataclass(frozen=True)
class Content:
    """What fills a template."""

    template: str
    values: dict[str, Any] = field(default_factory=dict[str, Any])


Build = Callable[[RequestContext, PageView], Content | RedirectResponse]


def make_page(path: str, build: Build, *, method: str = "GET", scopes: tuple[Scope, ...] = (Scope.READ,)) -> Page:
    """A page that needs these scopes; `build` may raise Problem."""
    return Page(method=method, path=path, handle=partial(_answer, build=build, scopes=scopes))


def _answer(
    request: PageRequest, context: RequestContext | None, *, build: Build, scopes: tuple[Scope, ...]
) -> HttpResponse:
    release = None if context is None else context.release
    view = PageView(
        language=choose_language(request), request=request, description=None if release is None else release.description
    )
    try:
        for scope in scopes:
            _require(request.admission, scope)
        if context is None:
            raise Problem(ProblemType.NO_RELEASE, "the service is waiting for the first release")
        content = build(context, view)
        if isinstance(content, HttpResponse):
            return content
        return _render(view, content, status=200)
    except Problem as problem:
        values = {
            "title": problem.kind.title,
            "detail": DETAILS.get(problem.kind, problem.detail),
            "status": problem.status,
        }
        response = _render(view, Content("problem.html.j2", values), status=problem.status)
        response.headers.update(problem.headers or {})
        return response


def _require(admission: Admission, scope: Scope) -> None:
    if admission.key is not None and not admission.key.permits(scope):
        raise Problem(ProblemType.FORBIDDEN, NEEDS[scope])


def _render(view: PageView, content: Content, *, status: int) -> HttpResponse:
    text = load_templates().get_template(content.template).render(view=view, text=view.text, **content.values)
    return HttpResponse(text, status, HEADERS, "text/html")


@cache
def load_templates() -> Environment:
    """The templates; everything that fills them is escaped."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["charts"] = charts
    return environment
