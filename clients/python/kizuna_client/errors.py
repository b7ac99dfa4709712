"""What can go wrong. No message contains an id or another value of a customer."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import cast

import httpx

MODEL_NOT_RELEASED = "urn:kizuna:problem:model-not-released"

UNREADABLE = (ValueError, RecursionError)
"What Python raises for a body that is no JSON, or that is nested too deeply."


class KizunaError(Exception):
    """A request without a usable answer."""

    def __init__(
        self,
        request: str,
        detail: str,
        *,
        status: int | None = None,
        problem: str = "",
        field: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        where = "" if field is None else f" (at {field})"
        super().__init__(f"{request}: {'' if status is None else f'{status} '}{detail}{where}")
        self.status = status
        "The HTTP status; None if there was no answer."
        self.problem = problem
        "The type of problem, such as urn:kizuna:problem:unknown-customer; empty where the answer names none."
        self.detail = detail
        self.field = field
        "Where in the request the error is, such as $.customer_ids[...]."
        self.retry_after = retry_after
        "Seconds after which the service may be asked again, where it says so."


class Unreachable(KizunaError):
    """There was no answer: no connection, or one that broke or took too long."""


class NotPermitted(KizunaError):
    """The key is missing, unknown or lacks the scope, or the service does not answer for this host."""


class NotFound(KizunaError):
    """There is no such customer, or no such route."""


class Refused(KizunaError):
    """The request is wrong; it will be refused again."""


class TooManyRequests(KizunaError):
    """The key has sent too many requests, or events arrive faster than they are stored."""


class Unavailable(KizunaError):
    """The service cannot answer now: no release, no such model in it, no database, or too much to do."""


class ServiceFailure(KizunaError):
    """The service, or a proxy before it, failed or answered what no client can read."""


CLASSES: dict[int, type[KizunaError]] = {
    401: NotPermitted,
    403: NotPermitted,
    404: NotFound,
    421: NotPermitted,
    429: TooManyRequests,
    503: Unavailable,
}


def error_of(request: str, response: httpx.Response) -> KizunaError:
    """The error that an answer without success describes, as problem+json or by its status alone."""
    status, content = response.status_code, _read_problem(response)
    problem = str(content.get("type", ""))
    usual = Refused if 400 <= status < 500 else ServiceFailure
    kind = Unavailable if problem == MODEL_NOT_RELEASED else CLASSES.get(status, usual)
    detail = content.get("detail") or content.get("title") or response.reason_phrase or "no explanation"
    field = content.get("field")
    return kind(
        request,
        str(detail),
        status=status,
        problem=problem,
        field=None if field is None else str(field),
        retry_after=read_retry_after(response.headers.get("retry-after", "")),
    )


def _read_problem(response: httpx.Response) -> dict[str, object]:
    try:
        content = response.json()
    except UNREADABLE:
        return {}
    return cast(dict[str, object], content) if isinstance(content, dict) else {}


def read_retry_after(header: str) -> float | None:
    """Seconds to wait, from a number or from a date; None if it is neither."""
    text = header.strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def read_answer(request: str, response: httpx.Response) -> object:
    """The JSON of an answer with success. Raises ServiceFailure if it has none."""
    try:
        return json.loads(response.content)
    except UNREADABLE:
        detail = "the answer is no JSON; does base_url lead to a Kizuna service?"
        raise ServiceFailure(request, detail, status=response.status_code) from None
