"""A page for people: HTML that is built from the release, and what a browser sends for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse

from serving.http.admission import Admission
from serving.http.cross_origin import is_from_own_page
from serving.http.problems import Problem, ProblemType
from serving.http.schema import BODY_LIMIT, RequestContext

FORM = "application/x-www-form-urlencoded"
MAX_FIELDS = 20
"Of a form."


@dataclass(frozen=True, kw_only=True)
class PageRequest:
    """What a browser sends for a page."""

    admission: Admission
    path: str
    "Of the page, below `base`."
    base: str
    "Under which path a proxy has the service; '' as a rule."
    query: Mapping[str, str]
    "The last value of each name."
    form: Mapping[str, str]
    "Likewise; empty for a page that is only shown."
    accept_language: str
    is_from_own_page: bool
    "Whether a form of the service itself was sent."

    @classmethod
    def of(cls, request: HttpRequest, admission: Admission, *, form: Mapping[str, str]) -> PageRequest:
        """Read an HTTP request."""
        base = request.scope.get("root_path", "")
        return cls(
            admission=admission,
            path=request.scope["path"].removeprefix(base),
            base=base,
            query=dict(request.query_params),
            form=form,
            accept_language=request.headers.get("accept-language", ""),
            is_from_own_page=is_from_own_page(request.scope),
        )


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page, or the target of one form."""

    method: str
    path: str
    handle: Callable[[PageRequest, RequestContext | None], HttpResponse]
    "Called in a thread; the context is None before the first release. Checks the scopes itself, to show an HTML page."


async def read_form(request: HttpRequest) -> dict[str, str]:
    """The fields of a form, the last value of each. Raises Problem for other bodies, and for too large ones."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise Problem(ProblemType.UNSUPPORTED_MEDIA_TYPE, f"send the header content-type: {FORM}")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise Problem(ProblemType.TOO_LARGE, f"the limit is {BODY_LIMIT:,} bytes", headers={"connection": "close"})
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict"))
    except ValueError as error:
        raise Problem(ProblemType.INVALID_REQUEST, "the form cannot be read") from error
