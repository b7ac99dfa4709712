"""What can go wrong with a request, as RFC 9457 problem details. None of them repeats what the caller sent."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

MEDIA_TYPE = "application/problem+json"


class ProblemDetails(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of every answer that is an error."""

    type: str
    "Stable; urn:kizuna:problem:<name>."
    title: str
    status: int
    detail: str
    field: str | None = None
    "Where in the request, e.g. $.customer_ids[...]; with status 422."


@dataclass(frozen=True)
class ProblemKind:
    """One kind of problem, in `PROBLEMS` by name."""

    status: int
    title: str


PROBLEMS = {
    "malformed-json": ProblemKind(400, "The body is not JSON"),
    "unknown-route": ProblemKind(404, "There is nothing at this address"),
    "unknown-customer": ProblemKind(404, "Nothing is known of this customer"),
    "unknown-task": ProblemKind(404, "There is no such task"),
    "method-not-allowed": ProblemKind(405, "This address does not take that method"),
    "wrong-transition": ProblemKind(409, "The task cannot take this step from where it stands"),
    "horizon-not-learnt": ProblemKind(409, "The release in force does not look so far ahead"),
    "too-large": ProblemKind(413, "The body is too large"),
    "unsupported-media-type": ProblemKind(415, "The body has to be application/json"),
    "invalid-request": ProblemKind(422, "The request does not say what this route asks for"),
    "internal": ProblemKind(500, "The fault is ours"),
    "model-not-released": ProblemKind(503, "The release in force has no model for this"),
    "no-release": ProblemKind(503, "Nothing has been released yet"),
    "tasks-out-of-reach": ProblemKind(503, "The tasks cannot be read or written now"),
    "stock-out-of-reach": ProblemKind(503, "What is in stock cannot be written down now"),
}


class Problem(Exception):
    """Ends a request with a problem of the table above."""

    def __init__(self, kind: str, detail: str, field: str | None = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.detail = detail
        self.field = field
        self.headers = headers

    @property
    def status(self) -> int:
        """The HTTP status."""
        return PROBLEMS[self.kind].status

    def body(self) -> bytes:
        """The answer's body."""
        kind = PROBLEMS[self.kind]
        details = ProblemDetails(f"urn:kizuna:problem:{self.kind}", kind.title, kind.status, self.detail, self.field)
        return msgspec.json.encode(details)


def invalid_request(fault: msgspec.ValidationError) -> Problem:
    """What a request that does not fit its schema is told: which field, and what was expected there."""
    said, _, field = str(fault).partition(" - at ")
    if "unknown field" in said:
        said = "Object contains a field that this route does not know"
    return Problem("invalid-request", said, field.strip("`") or "$")
