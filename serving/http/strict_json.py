"""Requests into questions: strict JSON bodies, paths and queries, checked against one schema each."""

from __future__ import annotations

import json
from collections.abc import Mapping

import msgspec
from starlette.requests import Request

from serving.http.problems import Problem, invalid_request

BODY_LIMIT = 1_048_576
"Bytes; a thousand ids of 128 characters each fit."
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


async def body_of(request: Request) -> bytes:
    """The whole body, plain or chunked. Raises Problem where it is too large or says that it is no JSON."""
    media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Problem("unsupported-media-type", "send the header content-type: application/json")
    too_large = Problem("too-large", f"at most {BODY_LIMIT:,} bytes are read", headers={"connection": "close"})
    stated = request.headers.get("content-length", "0")
    if not stated.isdecimal() or int(stated) > BODY_LIMIT:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise too_large
    return bytes(body)


class QuestionReader:
    """Reads one kind of question, or of its parts."""

    def __init__(self, kind: type[msgspec.Struct]) -> None:
        self._kind = kind
        self._decoder = msgspec.json.Decoder(kind)

    def from_body(self, body: bytes) -> msgspec.Struct:
        """The question that a JSON body asks.

        No NaN, no infinity, no integer beyond 64 bits, no unknown field, no field twice.
        """
        try:
            question = self._decoder.decode(body)
        except msgspec.ValidationError as fault:
            _refuse_malformed(body)
            raise invalid_request(fault) from fault
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            _refuse_malformed(body)
            raise
        _refuse_repeated(body)
        return question

    def from_address(self, path: Mapping[str, str], query: Mapping[str, object]) -> msgspec.Struct:
        """The question that a path and a query ask; numbers are written in digits, and parts may be read already."""
        try:
            return msgspec.convert({**query, **path}, self._kind, strict=False)
        except msgspec.ValidationError as fault:
            raise invalid_request(fault) from fault


def _refuse_malformed(body: bytes) -> None:
    """What is no JSON at all is said to be so, even where the schema was broken earlier in the body."""
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise Problem("malformed-json", "the body is not valid JSON in UTF-8") from fault
    except RecursionError as fault:
        raise Problem("malformed-json", "the body is nested too deeply") from fault


def _refuse_repeated(body: bytes) -> None:
    """Refuse a field that is named twice: readers differ in which of the two they believe (RFC 8259, section 4).

    A body with a colon for each of its different fields names none twice; only others are read once more, slowly.
    """
    if body.count(b":") > len(_FIELDS.decode(body)):
        json.loads(body, object_pairs_hook=_named_once)


def _named_once(pairs: list[tuple[str, object]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        raise Problem("malformed-json", "the body names a field twice")
