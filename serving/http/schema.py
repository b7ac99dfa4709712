"""What the requests and responses of all routes have in common, and how requests are read.

Bodies are strict JSON. Bodies, paths and queries are each checked against one schema.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from inspect import iscoroutinefunction
from typing import Annotated, Any, ClassVar, TypedDict, cast

import msgspec
from starlette.requests import Request as HttpRequest

from core.access import Scope
from core.ids import Id
from serving.decisions.database import DecisionDatabase
from serving.http.admission import UNRESTRICTED, Admission
from serving.http.audit import NO_AUDIT, AuditLog
from serving.http.problems import Problem, ProblemType, invalid_request
from serving.journal.protocol import NO_JOURNAL, Journal
from serving.live_items import LiveItems
from serving.release.recommender_part import RecommenderPart
from serving.release.release import Release
from serving.release.stored_answers import StoredAnswers
from serving.stock import LiveStock
from serving.tasks.database import TaskDatabase

CustomerId = Annotated[Id, msgspec.Meta(description="A customer's id, as in the tables.", examples=["17850"])]
ItemId = Annotated[Id, msgspec.Meta(description="An item's id, as in the tables.", examples=["22423"])]
Attribute = Annotated[
    str, msgspec.Meta(min_length=1, max_length=64, description="An attribute of items.", examples=["category"])
]
AttributeValue = Annotated[str, msgspec.Meta(min_length=1, max_length=128, examples=["tea"])]
MAX_CUSTOMERS = 1000
"In one request."
Count = Annotated[int, msgspec.Meta(ge=1, le=100, description="Maximum number of results.")]

ItemDescription = Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema={"type": "object"})]
"An item's columns in the items table. The release stores them as JSON, and responses contain them unchanged."


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request to one route: the fields of its JSON body, or of its path and query."""


class ModelReference(msgspec.Struct, frozen=True):
    """The registered model version behind a response."""

    name: str
    version: int


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of every response: the release, the model version, and the cutoff of the data."""

    release_id: str
    model: ModelReference | None
    cutoff: date


class Readiness(msgspec.Struct, frozen=True):
    """The body of /readyz."""

    release_id: str
    "The release that responses come from."
    seconds_since_check: float
    "Since the folder of releases was last looked at without an error; more than a minute needs attention."


class Provenance(TypedDict):
    """The fields of `Response`, as keyword arguments."""

    release_id: str
    model: ModelReference | None
    cutoff: date


class RefusedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a batch that was not stored."""

    position: int
    "In the batch, from 0."
    reason: str


def list_refused(reasons: Sequence[str]) -> list[RefusedEntry]:
    """The entries that have a reason not to be stored; it is '' for the others."""
    return [RefusedEntry(position=place, reason=reason) for place, reason in enumerate(reasons) if reason]


BODY_PROBLEMS = (ProblemType.MALFORMED_JSON, ProblemType.TOO_LARGE, ProblemType.UNSUPPORTED_MEDIA_TYPE)


@dataclass(frozen=True)
class RequestContext:
    """What a handler reads: the active release, stock, tasks, decisions, who asks, the journal, and the audit log."""

    release: Release
    stock: LiveStock
    tasks: TaskDatabase
    decisions: DecisionDatabase
    admission: Admission = UNRESTRICTED
    journal: Journal = NO_JOURNAL
    live_items: LiveItems = field(default_factory=LiveItems)
    audit: AuditLog = NO_AUDIT

    @property
    def recommender(self) -> RecommenderPart | None:
        """The recommender of the release, with its items as they are now; None if it was not released."""
        return self.live_items.change(self.release.recommender, self.journal.items)


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One route: its path, its schemas and its handler."""

    method: str
    path: str
    "Names in braces are fields of the request; `{item_id:id}` may contain any character."
    request: type[Request]
    response: type[Response]
    handle: Callable[[Any, RequestContext], Response | Awaitable[Response]]
    "Called with a `request` struct."
    summary: str
    scope: Scope
    "What a key must permit."
    open_to_browsers: bool = False
    "Whether browser keys may use it. The field `customer_id` must then be the customer of the token, or empty."
    blocking: bool = False
    "Whether the handler waits for a disk or a database. It then runs in a thread, so that other requests go on."
    is_heavy: Callable[[Any, RequestContext], bool] | None = None
    "Whether a request takes milliseconds of CPU, such as scoring all items. It then runs in a thread, too."
    body_field: str | None = None
    "The field of the request that the body fills, while the path fills the others. None: the body fills all fields."
    stored: Callable[[Release], StoredAnswers | None] | None = None
    "Where a release may contain whole answers: a function that finds them."
    problems: tuple[ProblemType, ...] = ()
    "Error responses of this route alone."
    common_problems: ClassVar = (
        ProblemType.UNAUTHORIZED,
        ProblemType.FORBIDDEN,
        ProblemType.WRONG_HOST,
        ProblemType.TOO_MANY_REQUESTS,
        ProblemType.INVALID_REQUEST,
        ProblemType.INTERNAL,
        ProblemType.TIMED_OUT,
        ProblemType.NO_RELEASE,
        ProblemType.MODEL_NOT_RELEASED,
        ProblemType.OVERLOADED,
    )

    @property
    def waits(self) -> bool:
        """Whether the handler waits for a disk or a database."""
        return self.blocking or iscoroutinefunction(self.handle)

    @property
    def has_body(self) -> bool:
        """Whether the HTTP body contains the request, or one field of it."""
        return self.method in {"POST", "PUT", "PATCH"}

    @property
    def all_problems(self) -> tuple[ProblemType, ...]:
        """Every error response."""
        of_browsers = (ProblemType.INVALID_CUSTOMER_TOKEN,) if self.open_to_browsers else ()
        of_body = BODY_PROBLEMS if self.has_body else ()
        return (*self.common_problems, *of_browsers, *self.problems, *of_body)

    @property
    def body(self) -> type[msgspec.Struct]:
        """The schema of the HTTP body."""
        types = {field.name: field.type for field in msgspec.structs.fields(self.request)}
        return self.request if self.body_field is None else types[self.body_field]

    @property
    def template(self) -> str:
        """The path as documents and metrics show it."""
        return self.path.replace(":id}", "}")


def provenance_of(release: Release, kind: str | None) -> Provenance:
    """The common fields of a response; `kind` is the kind of model behind it, if there is one."""
    description = release.description
    model = description.models.get(kind) if kind else None
    return {
        "release_id": description.release_id,
        "model": ModelReference(model.name, model.version) if model else None,
        "cutoff": description.cutoff,
    }


def not_released(release: Release, kind: str) -> Problem:
    """The problem of a route whose model the release does not contain, with the reason."""
    reason = release.description.missing.get(kind, "it was not requested")
    return Problem(ProblemType.MODEL_NOT_RELEASED, f"release {release.description.release_id} has no {kind}: {reason}")


BODY_LIMIT = 1_048_576
"Bytes; enough for a thousand ids of 128 characters."
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


async def read_body(request: HttpRequest) -> bytes:
    """Read the whole body, plain or chunked. Raises Problem if it is too large or not declared as JSON."""
    media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Problem(ProblemType.UNSUPPORTED_MEDIA_TYPE, "send the header content-type: application/json")
    too_large = Problem(ProblemType.TOO_LARGE, f"the limit is {BODY_LIMIT:,} bytes", headers={"connection": "close"})
    declared_length = request.headers.get("content-length", "0")
    if not declared_length.isdecimal() or int(declared_length) > BODY_LIMIT:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise too_large
    return bytes(body)


class RequestReader:
    """Reads one request schema, or the schema of a body."""

    def __init__(self, schema: type[msgspec.Struct]) -> None:
        self._schema = schema
        self._decoder = msgspec.json.Decoder(schema)

    def from_body(self, body: bytes) -> msgspec.Struct:
        """Decode a JSON body.

        NaN, infinity, integers beyond 64 bits, unknown fields and repeated fields are errors.
        """
        try:
            request = self._decoder.decode(body)
        except msgspec.ValidationError as error:
            _refuse_malformed(body)
            if "got `float`" not in str(error):
                raise invalid_request(error) from error
            request = self._convert_whole_numbers(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            _refuse_malformed(body)
            raise
        _refuse_repeated(body)
        return request

    def _convert_whole_numbers(self, body: bytes) -> msgspec.Struct:
        """Decode a body in which 3.0 may be the integer 3, as JSON Schema has it and msgspec does not."""
        try:
            return msgspec.convert(_to_integers(msgspec.json.decode(body)), self._schema)
        except msgspec.ValidationError as error:
            raise invalid_request(error) from error
        except RecursionError as error:
            raise Problem(ProblemType.MALFORMED_JSON, "the body is nested too deeply") from error

    def from_address(self, path: Mapping[str, str], query: Mapping[str, object]) -> msgspec.Struct:
        """Convert path and query parameters. Numbers arrive as text; a decoded body may be one of the values."""
        try:
            return msgspec.convert({**query, **path}, self._schema, strict=False)
        except msgspec.ValidationError as error:
            raise invalid_request(error) from error


def _to_integers(value: Any) -> Any:
    """Decoded JSON with every float that is a whole number as an integer."""
    match value:
        case float():
            return int(value) if value.is_integer() else value
        case list():
            return [_to_integers(one) for one in cast(list[Any], value)]
        case dict():
            return {name: _to_integers(one) for name, one in cast(dict[str, Any], value).items()}
        case _:
            return value


def _refuse_malformed(body: bytes) -> None:
    """Raise 400 if the body is not JSON at all, even where msgspec met a violation of the schema first."""
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(ProblemType.MALFORMED_JSON, "the body is not valid JSON in UTF-8") from error
    except RecursionError as error:
        raise Problem(ProblemType.MALFORMED_JSON, "the body is nested too deeply") from error


def _refuse_repeated(body: bytes) -> None:
    """Raise 400 if a field occurs twice: JSON readers differ in which of the two they use (RFC 8259, section 4).

    A body with as many colons as fields repeats none. Only bodies with more colons are parsed again, slowly.
    """
    if body.count(b":") > len(_FIELDS.decode(body)):
        json.loads(body, object_pairs_hook=_refuse_repeated_names)


def _refuse_repeated_names(pairs: list[tuple[str, object]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        raise Problem(ProblemType.MALFORMED_JSON, "the body contains a field twice")
