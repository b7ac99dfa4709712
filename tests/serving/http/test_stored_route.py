"""Stored answers: every request gets the bytes that it would get without them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BrokenArtifact
from serving.http import app
from serving.http.app import Api, all_endpoints
from serving.http.schema import BODY_LIMIT
from serving.http.trial import verify_answers
from serving.release.lookup import PackedJson
from serving.release.release import Release
from serving.release.stored_answers import store_answers
from tests.serving.conftest import open_api
from tests.serving.sample_release import churn_part, publish, sample_release

SCORE = "/v1/churn/score"
JSON = [(b"content-type", b"application/json")]
CUSTOMERS = ("ada", "cyd")
"Bo does not consent to scoring."

Messages = list[dict[str, Any]]


def release_of_two() -> Release:
    """The sample release, in which Bo has opted out of scoring."""
    return replace(sample_release(without=("retention", "accounts")), churn=churn_part(np.array(["bo"])))


@pytest.fixture(scope="module")
def apis(tmp_path_factory: pytest.TempPathFactory) -> tuple[Api, Api]:
    """The application on a release with stored answers, and on the same release without them."""
    folders = [tmp_path_factory.mktemp(name) / "releases" for name in ("stored", "computed")]
    publish(folders[0], store_answers(release_of_two()))
    publish(folders[1], release_of_two())
    return open_api(folders[0]), open_api(folders[1])


def exchange(
    api: Api, chunks: list[bytes], headers: list[tuple[bytes, bytes]], *, is_whole: bool = True, **scope: object
) -> Messages:
    """What an application sends, message by message; the client disconnects after a part, and waits after nothing."""
    sent: Messages = []
    messages: Iterator[dict[str, Any]] = iter(
        [
            {"type": "http.request", "body": chunk, "more_body": n < len(chunks) or not is_whole}
            for n, chunk in enumerate(chunks, 1)
        ]
    )

    async def receive() -> dict[str, Any]:
        if not chunks:
            await asyncio.Event().wait()
        return next(messages, {"type": "http.disconnect"})

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    whole = {"type": "http", "method": "POST", "path": SCORE, "root_path": "", "query_string": b"", "headers": headers}
    asyncio.run(api(whole | scope, receive, send))  # pyright: ignore[reportArgumentType]
    return sent


def length_of(body: bytes) -> tuple[bytes, bytes]:
    """The header with the length of a body."""
    return b"content-length", str(len(body)).encode()


def refuse(*_: object) -> None:
    """Stands for a handler that must not be called."""
    raise AssertionError


names = st.one_of(
    st.sampled_from([*CUSTOMERS, "bo", "unknown", " ada ", "ａda", "ada\0", "a:da", "", "x" * 128, "x" * 129]),
    st.text(),
)
plain = st.lists(st.sampled_from(CUSTOMERS), min_size=1, max_size=5).map(lambda ids: {"customer_ids": ids})
requests = st.one_of(
    plain,
    st.fixed_dictionaries(
        {"customer_ids": st.lists(names, max_size=4)},
        optional={"horizon_days": st.sampled_from([30, 90, 9999, None]), "curve": st.booleans(), "surprise": st.none()},
    ),
)
bodies = st.one_of(
    requests.map(lambda request: msgspec.json.encode(request)),
    requests.map(lambda request: msgspec.json.format(msgspec.json.encode(request))),
    st.binary(max_size=30),
)
OTHER_BODIES = [
    b"", b"{", b"null", b"[]", b"\xff", b'{"customer_ids": ["\xff"]}', b'{"customer_ids": ["\\u0061da"]}',
    b'{"customer_ids": ["ada"], "customer_ids": ["cyd"]}', b'{"customer\\u005fids": ["ada"]}', b'{}',
    b'{"customer_ids": ["ada"], "customer\\u005fids": ["cyd"]}', b'{"customer_ids": ["ada"]}]',
    b'{"customer_ids": "ada"}', b'{"customer_ids": [17]}', b'{"customer_ids": ["\\ud800"]}', b"[" * 5000,
    b'{"customer_ids": ["ada\\u0000"]}', b" " * (BODY_LIMIT + 1),
    *(msgspec.json.encode({"customer_ids": ["ada"] * number}) for number in (1000, 1001)),
]  # fmt: skip
OTHER_HEADERS = [
    [],
    [(b"content-type", b"application/json; charset=utf-8")],
    [(b"content-type", b"text/plain")],
    [(b"content-type", b"text/plain"), *JSON],
    [*JSON, (b"content-type", b"text/plain")],
    [*JSON, (b"content-length", b"-1")],
    [*JSON, (b"content-length", b"9999999")],
    [*JSON, (b"content-length", b"99999999999999999999")],
    [*JSON, (b"transfer-encoding", b"chunked")],
]


@given(body=bodies, cut=st.integers(0, 40))
def test_every_body_gets_the_same_messages_as_without_stored_answers(apis, body, cut):
    stored, computed = (exchange(api, [body[:cut], body[cut:]], [*JSON, length_of(body)]) for api in apis)

    assert stored == computed


@pytest.mark.parametrize("body", OTHER_BODIES, ids=lambda body: str(body[:40]))
@pytest.mark.parametrize("is_whole", [True, False])
def test_other_bodies_and_parts_of_them_get_the_same_messages_as_without_stored_answers(apis, body, is_whole):
    stored, computed = (exchange(api, [body], [*JSON, length_of(body)], is_whole=is_whole) for api in apis)

    assert stored == computed


@pytest.mark.parametrize("headers", OTHER_HEADERS, ids=str)
def test_other_headers_get_the_same_messages_as_without_stored_answers(apis, headers):
    body = b'{"customer_ids":["ada"]}'

    stored, computed = (exchange(api, [body], [length_of(body), *headers]) for api in apis)

    assert stored == computed


@pytest.mark.parametrize(
    "scope", [{"method": "GET"}, {"path": SCORE + "/"}, {"root_path": "/v1"}, {"query_string": b"a=1"}]
)
def test_every_address_gets_the_same_messages_as_without_stored_answers(apis, scope):
    body = b'{"customer_ids":["ada"]}'

    stored, computed = (exchange(api, [body], [*JSON, length_of(body)], **scope) for api in apis)

    assert stored == computed


def test_a_plain_request_is_answered_without_the_handler(tmp_path):
    publish(tmp_path, store_answers(release_of_two()))
    api = open_api(tmp_path, [replace(one, handle=refuse) for one in all_endpoints() if one.stored is not None])
    body = b'{"customer_ids":["ada","cyd"]}'

    start, content = exchange(api, [body], [*JSON, length_of(body)])

    assert start["status"] == 200
    assert [one["customer_id"] for one in msgspec.json.decode(content["body"])["scores"]] == ["ada", "cyd"]


def test_a_release_whose_stored_answers_are_those_of_another_one_is_refused(tmp_path):
    release = store_answers(release_of_two())
    assert release.churn is not None
    assert release.churn.after_reasons is not None
    ends = [bytes(release.churn.after_reasons[row]) for row in (1, 0)]
    swapped = replace(release, churn=replace(release.churn, after_reasons=PackedJson.of(map(msgspec.Raw, ends))))

    verify_answers(release, all_endpoints(), folder=tmp_path)
    with pytest.raises(BrokenArtifact, match="POST /v1/churn/score"):
        verify_answers(swapped, all_endpoints(), folder=tmp_path)


@pytest.mark.parametrize("path", [SCORE, "/v1/recommendations"])
def test_a_body_that_does_not_arrive_in_time_gets_a_problem(apis, path, monkeypatch):
    monkeypatch.setattr(app, "ANSWER_SECONDS", 0.01)

    start, content = exchange(apis[0], [], [*JSON, (b"content-length", b"9")], path=path, is_whole=False)

    assert (start["status"], msgspec.json.decode(content["body"])["type"]) == (503, "urn:kizuna:problem:timed-out")
