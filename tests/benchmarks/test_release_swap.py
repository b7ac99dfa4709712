"""What the benchmark of a release under load counts as failed, and when a release counts as visible."""

from __future__ import annotations

import asyncio
import math

from benchmarks.release_swap import measure_visible
from benchmarks.steady_load import Answer, Connection, count_failed, find_p99

RESPONSES = [b"HTTP/1.1 200 OK", b"HTTP/1.1 503 Busy", None, b"HTTP/1.1 200 OK"]
"None: the connection is dropped."


def answer(seconds: float = 0.01, *, at: float = 0.0, release: str = "old", worker: int = 1) -> Answer:
    return Answer(seconds=seconds, at=at, body=f'{{"release_id":"{release}","scores":[]}}'.encode(), worker=worker)


def test_a_dropped_connection_gives_no_status_and_the_next_request_gets_its_answer():
    responses, n_closed = iter(RESPONSES), asyncio.Semaphore(0)

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1_000):
            head = next(responses)
            if head is None:
                break
            writer.write(head + b"\r\ncontent-length: 2\r\n\r\nok")
        writer.close()
        await writer.wait_closed()
        n_closed.release()

    async def send_all() -> list[tuple[int, bytes]]:
        async with asyncio.timeout(10), await asyncio.start_server(respond, "127.0.0.1", 0) as server:
            line = await Connection.open(server.sockets[0].getsockname()[1])
            received = [await line.send(b"GET / HTTP/1.1\r\n\r\n") for _ in RESPONSES]
            line.close()
            for _ in range(2):
                await n_closed.acquire()
        return received

    assert asyncio.run(send_all()) == [(200, b"ok"), (503, b"ok"), (0, b""), (200, b"ok")]


def test_failed_requests_count_as_slower_than_any_response():
    answers = [answer()] * 98 + [answer(math.inf)] * 2

    assert count_failed(answers) == 2
    assert find_p99(answers) == math.inf


def test_a_release_is_visible_once_every_worker_has_answered_from_it():
    answers = [
        answer(at=10.2, release="new", worker=1),
        answer(at=10.4, release="old", worker=2),
        answer(at=10.7, release="new", worker=2),
        answer(at=10.9, release="new", worker=2),
    ]

    assert round(measure_visible(answers, {1, 2}, release_id="new", moved_at=10.0), 6) == 0.7


def test_a_release_that_one_worker_never_answers_from_is_not_visible():
    answers = [answer(at=10.2, release="new", worker=1), answer(at=10.4, release="newer", worker=2)]

    assert measure_visible(answers, {1, 2}, release_id="new", moved_at=10.0) == math.inf
