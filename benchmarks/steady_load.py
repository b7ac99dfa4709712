"""Sends requests at a steady rate and keeps every answer; one that fails is counted, and the load goes on.

Each connection has its own times at which requests are due. A request that is sent late, because the response before
it came late, counts from the time at which it was due.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import numpy as np
import uvloop

from benchmarks.http_load import CONNECTIONS, OK, Server, read_response

ANSWER_SECONDS = 10.0
"A response that has not come by then has failed."
TRIES = 50


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What became of one request."""

    seconds: float
    "Until the response; infinite for one that failed."
    at: float
    "When it came, by `time.perf_counter`."
    body: bytes
    "Empty for a request that failed."
    worker: int
    "The process id of the worker that answered; 0 if unknown."

    @property
    def has_failed(self) -> bool:
        """Whether the response was an error, or never came."""
        return math.isinf(self.seconds)


@dataclass(frozen=True)
class SteadyLoad:
    """A rate of requests to a service."""

    server: Server
    requests: Sequence[bytes]
    "Sent in turns."
    per_second: float
    connections: int = CONNECTIONS

    def send(self, seconds: float, *, meanwhile: Callable[[], Awaitable[None]] | None = None) -> list[Answer]:
        """Send for this time; `meanwhile` runs beside the load, which ends after it."""
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(self._send(seconds, meanwhile))

    async def _send(self, seconds: float, meanwhile: Callable[[], Awaitable[None]] | None) -> list[Answer]:
        lines = await self._connect()
        beside = [] if meanwhile is None else [meanwhile()]
        answers, *_ = await asyncio.gather(
            asyncio.gather(*(self._send_over(line, place, seconds=seconds) for place, line in enumerate(lines))),
            *beside,
        )
        return [one for some in answers for one in some]

    async def _connect(self) -> list[Connection]:
        """Connections of which every worker has at least one."""
        n_workers = len(self.server.workers)
        for _ in range(TRIES):
            lines = [await Connection.open(self.server.port) for _ in range(self.connections)]
            await asyncio.sleep(0.1)
            workers = self.server.worker_of([line.client_port for line in lines])
            if len(workers) == len(lines) and len(set(workers.values())) == n_workers:
                for line in lines:
                    line.worker = workers[line.client_port]
                return lines
            for line in lines:
                line.close()
        raise TimeoutError(f"{TRIES} times {self.connections} connections did not reach all {n_workers} workers")

    async def _send_over(self, line: Connection, place: int, *, seconds: float) -> list[Answer]:
        """Send over one connection, which begins at its own part of the pause between two requests."""
        pause = self.connections / self.per_second
        due = began = time.perf_counter() + pause * place / self.connections
        number, answers = place, list[Answer]()
        while due < began + seconds:
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
                due = time.perf_counter()
            status, body = await line.send(self.requests[number % len(self.requests)])
            at = time.perf_counter()
            took = at - due if status == OK else math.inf
            answers.append(Answer(seconds=took, at=at, body=body if status == OK else b"", worker=line.worker))
            due, number = due + pause, number + self.connections
        line.close()
        return answers


class Connection:
    """A connection that is opened again after a failure."""

    def __init__(self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.worker = 0
        self._port = port
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> Connection:
        """Connect to this host."""
        return cls(port, *await asyncio.open_connection("127.0.0.1", port))

    @property
    def client_port(self) -> int:
        """The port of this end."""
        return self._writer.get_extra_info("sockname")[1]

    async def send(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the response; 0 where the connection was dropped or nothing came."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                self._writer.write(request)
                return await read_response(self._reader)
        except (OSError, EOFError, TimeoutError):
            self.close()
            await self._open_again()
            return 0, b""

    async def _open_again(self) -> None:
        """Another connection, to an unknown worker; without one, later requests fail too."""
        self.worker = 0
        try:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            return

    def close(self) -> None:
        """End it."""
        self._writer.close()


def find_p99(answers: Sequence[Answer]) -> float:
    """The 99th percentile of the seconds; infinite if more than one in a hundred failed."""
    return float(np.quantile([one.seconds for one in answers], 0.99, method="higher"))


def count_failed(answers: Sequence[Answer]) -> int:
    """The requests that failed."""
    return sum(one.has_failed for one in answers)
