"""Answers requests for some customers alone, as most are, from the stored answers of a release.

    {"customer_ids": ["17850", "13047"]}

Only the bytes of the request are read and only those of the answers are copied. Whatever else a request contains, such
as an unknown id, another field, an escape, another content type or a customer with events since the release, is left
to the route of the application, which reads the body again and answers the same where both can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping
from typing import Annotated, Any

import msgspec
from starlette.types import Message, Receive, Send
from starlette.types import Scope as AsgiScope

from core.ids import Id
from serving.http.live import LiveRelease
from serving.http.schema import BODY_LIMIT, MAX_CUSTOMERS
from serving.journal.live import LiveJournals
from serving.release.release import Release
from serving.release.stored_answers import StoredAnswers

JSON = b"application/json"


class PlainRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request for the answers of some customers."""

    customer_ids: Annotated[list[Id], msgspec.Meta(min_length=1, max_length=MAX_CUSTOMERS)]


_DECODER = msgspec.json.Decoder(PlainRequest)


class StoredResponse:
    """A response to send. It has what the application uses of Starlette's, and costs a tenth."""

    status_code = 200

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.raw_headers = [(b"content-length", b"%d" % len(content)), (b"content-type", JSON)]

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self._content})


class StoredRoute:
    """The stored answers of one route, of the active release."""

    def __init__(
        self, live: LiveRelease, find: Callable[[Release], StoredAnswers | None], *, journals: LiveJournals
    ) -> None:
        self._live = live
        self._journals = journals
        self._find = find
        self._release: Release | None = None
        self._answers: StoredAnswers | None = None

    async def answer(self, scope: AsgiScope, receive: Receive) -> tuple[StoredResponse | None, Receive]:
        """The response, or None and a `receive` that begins with the body again."""
        answers = self._find_answers()
        if answers is None or not _is_plain(scope["headers"]):
            return None, receive
        messages = await _receive_all(receive)
        customer_ids = read_plain_ids(messages)
        content = None if customer_ids is None else self._answer(answers, customer_ids)
        return (None, _replay(messages, receive)) if content is None else (StoredResponse(content), receive)

    def _answer(self, answers: StoredAnswers, customer_ids: list[str]) -> bytes | None:
        """The stored response, unless one of the customers has done something since the release."""
        if self._release is None or self._journals.of(self._release, is_exact=False).concerns(customer_ids):
            return None
        return answers.answer(customer_ids)

    def _find_answers(self) -> StoredAnswers | None:
        release = self._live.current
        if release is not self._release:
            self._answers = None if release is None else self._find(release)
            self._release = release
        return self._answers


def read_plain_ids(messages: list[Message]) -> list[str] | None:
    """The ids in the messages of a plain request; None for any other."""
    body = b"".join(message.get("body", b"") for message in messages)
    # Without escapes the name of the field, and each id, is written in one way only.
    if messages[-1]["type"] != "http.request" or b"\\" in body or body.count(b'"customer_ids"') != 1:
        return None
    try:
        return _DECODER.decode(body).customer_ids
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _is_plain(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the headers announce JSON of a permitted length."""
    is_json = has_length = False
    for name, value in headers:
        if name == b"content-type":
            is_json = value == JSON
            if not is_json:
                return False
        elif name == b"content-length":
            has_length = value.isdigit() and len(value) < 9 and int(value) <= BODY_LIMIT
    return is_json and has_length


async def _receive_all(receive: Receive) -> list[Message]:
    """The messages of a body up to its end or to the limit, or to that of the connection."""
    messages: list[MutableMapping[str, Any]] = []
    length, is_more = 0, True
    while is_more and length <= BODY_LIMIT:
        message = await receive()
        messages.append(message)
        length += len(message.get("body", b""))
        is_more = message.get("more_body", False)
    return messages


def _replay(messages: list[Message], receive: Receive) -> Receive:
    """A `receive` that begins with these messages."""
    waiting = iter(messages)

    async def receive_again() -> Message:
        for message in waiting:
            return message
        return await receive()

    return receive_again
