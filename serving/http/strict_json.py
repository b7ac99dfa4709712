"""Reads HTTP requests: strict JSON bodies, paths and queries, each checked against one schema."""

from __future__ import annotations

import json
from collections.abc import Mapping

import msgspec
from starlette.requests import Request as HttpRequest

from serving.http.problems import Problem, ProblemType, invalid_request

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
            raise invalid_request(error) from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            _refuse_malformed(body)
            raise
        _refuse_repeated(body)
        return request

    def from_address(self, path: Mapping[str, str], query: Mapping[str, object]) -> msgspec.Struct:
        """Convert path and query parameters. Numbers arrive as text; a decoded body may be one of the values."""
        try:
            return msgspec.convert({**query, **path}, self._schema, strict=False)
        except msgspec.ValidationError as error:
            raise invalid_request(error) from error


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
