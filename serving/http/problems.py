"""Error responses as RFC 9457 problem details. None of them repeats what the caller sent."""

from __future__ import annotations

import re
from enum import Enum

import msgspec

MEDIA_TYPE = "application/problem+json"


class ProblemDetails(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The body of every error response."""

    type: str
    "Stable identifier: urn:kizuna:problem:<slug>."
    title: str
    status: int
    detail: str
    field: str | None = None
    "Where in the request the error is, e.g. $.customer_ids[...]; only with status 409 and 422."


class ProblemType(Enum):
    """Every type of error response: the slug of its URN, its HTTP status and its title."""

    MALFORMED_JSON = ("malformed-json", 400, "The body is not valid JSON")
    UNAUTHORIZED = ("unauthorized", 401, "The request has no valid API key")
    INVALID_CUSTOMER_TOKEN = ("invalid-customer-token", 401, "The request has no valid customer token")
    FORBIDDEN = ("forbidden", 403, "The request is not permitted")
    UNKNOWN_ROUTE = ("unknown-route", 404, "There is no such route")
    UNKNOWN_CUSTOMER = ("unknown-customer", 404, "There is no such customer")
    UNKNOWN_EVENT = ("unknown-event", 404, "There is no such event")
    UNKNOWN_SEGMENT = ("unknown-segment", 404, "There is no such segment")
    UNKNOWN_TASK = ("unknown-task", 404, "There is no such task")
    METHOD_NOT_ALLOWED = ("method-not-allowed", 405, "The route does not support this method")
    WRONG_TRANSITION = ("wrong-transition", 409, "The task cannot change to this state from its current one")
    MODEL_NOT_RELEASED = ("model-not-released", 409, "The active release does not contain this model")
    CONTRADICTORY_FIELDS = ("contradictory-fields", 409, "Fields of the request exclude each other")
    TIME_OUT_OF_RANGE = ("time-out-of-range", 409, "A time of the request is over, or too far ahead")
    UNKNOWN_ATTRIBUTE = ("unknown-attribute", 409, "The active release has no such attribute of items")
    HORIZON_TOO_LONG = ("horizon-too-long", 409, "The survival curves end before this horizon")
    TOO_LARGE = ("too-large", 413, "The body is too large")
    UNSUPPORTED_MEDIA_TYPE = ("unsupported-media-type", 415, "The body must be application/json")
    WRONG_HOST = ("wrong-host", 421, "The service does not answer for this host")
    INVALID_REQUEST = ("invalid-request", 422, "The request does not match the schema of this route")
    TOO_MANY_REQUESTS = ("too-many-requests", 429, "The key has sent too many requests")
    INTERNAL = ("internal", 500, "Internal error")
    TIMED_OUT = ("timed-out", 503, "The request or its answer took too long")
    NO_RELEASE = ("no-release", 503, "There is no active release yet")
    OVERLOADED = ("overloaded", 503, "The service has too many requests in progress")
    TASKS_UNAVAILABLE = ("tasks-unavailable", 503, "The task database does not respond")
    DECISIONS_UNAVAILABLE = ("decisions-unavailable", 503, "The decision database does not respond")
    EVENTS_UNAVAILABLE = ("events-unavailable", 503, "The event journal cannot be written")
    STOCK_UNAVAILABLE = ("stock-unavailable", 503, "The stock cannot be written")

    def __init__(self, slug: str, status: int, title: str) -> None:
        self.slug = slug
        self.status = status
        self.title = title

    @property
    def urn(self) -> str:
        """The `type` of the response body."""
        return f"urn:kizuna:problem:{self.slug}"


class Problem(Exception):
    """Ends a request with an error response."""

    def __init__(
        self, kind: ProblemType, detail: str, *, field: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(kind.slug)
        self.kind = kind
        self.detail = detail
        self.field = field
        self.headers = headers

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.kind.status

    def body(self) -> bytes:
        """The response body."""
        kind = self.kind
        return msgspec.json.encode(
            ProblemDetails(type=kind.urn, title=kind.title, status=kind.status, detail=self.detail, field=self.field)
        )


def invalid_request(error: msgspec.ValidationError) -> Problem:
    """The problem for a request that fails its schema: the field, and what was expected there."""
    message, at, field = str(error).rpartition(" - at ")  # the last one: values of the caller may contain it too
    if not at:
        message, field = field, "$"
    return Problem(ProblemType.INVALID_REQUEST, _explain(message), field=field.strip("`"))


WORDS = {
    "str": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "array": "a list",
    "object": "an object", "null": "null",
}  # fmt: skip
EXPECTED = re.compile(r"Expected `([\w| ]+)`( of length)?(?: (>=|<=|>|<) ([\d.]+))?(?:, got `(\w+)`)?")
LIMITS = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}


def _explain(message: str) -> str:
    """What a message of msgspec says, in our words and without text of the caller."""
    if "unknown field" in message:
        return "there is a field that this route does not know"
    if missing := re.fullmatch(r"Object missing required field `(\w+)`", message):
        return f"the field '{missing[1]}' is missing"
    if "datetime" in message:
        return "expected a time with an offset, such as 2026-04-01T12:00:00+09:00"
    if message.startswith(("Invalid enum value", "Invalid value")):
        return "it is none of the values that the schema lists"
    if not (expectation := EXPECTED.fullmatch(message)):
        return message  # a check of the request itself, in plain words
    kinds, length, sign, limit, given = expectation.groups()
    expected = " or ".join(WORDS.get(kind, kind) for kind in kinds.split(" | "))
    if sign:
        number = limit.removesuffix(".0")
        unit = "" if not length else " characters" if kinds == "str" else " entries"
        expected += f" {'of ' if length or sign in ('>=', '<=') else ''}{LIMITS[sign]} {number}{unit}"
    return f"expected {expected}" + (f", found {WORDS.get(given, given)}" if given else "")
