"""Runs HTTP services and sends requests to them over loopback connections that stay open."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from urllib.request import urlopen

import psutil
import uvloop

CONNECTIONS = 8
OK = 200
WORKER = "_bentoml_impl.worker.service"


@dataclass(frozen=True)
class Server:
    """A running service and its processes."""

    port: int
    process: psutil.Process

    @property
    def workers(self) -> list[psutil.Process]:
        """The workers of a BentoML service."""
        return [one for one in self.process.children(recursive=True) if WORKER in one.cmdline()]

    @property
    def worker(self) -> psutil.Process:
        """The one worker of a BentoML service."""
        return self.workers[0]

    def worker_of(self, client_ports: Collection[int]) -> dict[int, int]:
        """The process id of the worker that has accepted each of these connections, by the client's port."""
        return {
            connection.raddr.port: worker.pid
            for worker in self.workers
            for connection in worker.net_connections("tcp")
            if connection.raddr and connection.raddr.port in client_ports
        }

    def cpu_seconds(self) -> float:
        """CPU time of all its processes so far."""
        spent = [one.cpu_times() for one in (self.process, *self.process.children(recursive=True))]
        return sum(one.user + one.system for one in spent)

    def pss_gb(self) -> float:
        """Memory of all its processes, 10^9 bytes; what they share counts once, mapped files as well."""
        running = (self.process, *self.process.children(recursive=True))
        return sum(one.memory_full_info().pss for one in running) / 1e9

    def private_mb(self, shared: Path) -> float:
        """Memory of the worker that no other process has, 10^6 bytes, without the mapped files of a folder."""
        maps = self.worker.memory_maps(grouped=True)
        return sum(one.private_clean + one.private_dirty for one in maps if not one.path.startswith(str(shared))) / 1e6


@contextmanager
def serve(
    command: Sequence[str], *, port: int, variables: Mapping[str, str], ready: str = "/readyz"
) -> Iterator[Server]:
    """Run a service; it is ready inside the block."""
    environment = os.environ | {"BENTOML_DO_NOT_TRACK": "True", **variables}
    quiet = subprocess.DEVNULL
    with subprocess.Popen([*command, "--port", str(port)], env=environment, stdout=quiet, stderr=quiet) as process:
        try:
            wait_until_ready(f"http://127.0.0.1:{port}{ready}")
            yield Server(port, psutil.Process(process.pid))
        finally:
            process.terminate()


def wait_until_ready(address: str) -> None:
    """Return once the service answers."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            with urlopen(address, timeout=1) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"{address} does not answer within two minutes")


def post(path: str, body: bytes, *, headers: Mapping[str, str] | None = None) -> bytes:
    """The bytes of one HTTP request with a JSON body."""
    fields = {"host": "x", "content-type": "application/json", "content-length": str(len(body)), **(headers or {})}
    head = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*head, "", ""]).encode() + body


async def read_response(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Status and body of one response. Raises IncompleteReadError where the connection ends before."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
    return int(head.split(b" ", 2)[1]), await reader.readexactly(int(length))


async def send_requests(port: int, requests: Sequence[bytes], *, pause: float = 0.0) -> list[float]:
    """Send requests over one connection, each after the response to the last; returns seconds until each response.

    With a `pause`, request i is due i pauses after the first. One that is sent late, because the response before it
    came late, counts from the time at which it was due.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    seconds: list[float] = []
    due = time.perf_counter()
    for request in requests:
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
            due = time.perf_counter()
        began = due if pause else time.perf_counter()
        due += pause
        writer.write(request)
        status, body = await read_response(reader)
        if status != OK:
            raise ValueError(f"unexpected response: {status} {body[:60]!r}")
        seconds.append(time.perf_counter() - began)
    writer.close()
    return seconds


async def _send_on_all_connections(
    port: int, requests: Sequence[bytes], *, times: int, pause: float, connections: int
) -> list[float]:
    per_connection = times // connections
    seconds = await asyncio.gather(
        *(
            send_requests(port, list(islice(cycle(requests), start, start + per_connection)), pause=pause)
            for start in range(0, per_connection * connections, per_connection)
        )
    )
    return [one for some in seconds for one in some]


def send_load(
    port: int,
    requests: Sequence[bytes],
    *,
    times: int,
    per_second: float | None = None,
    connections: int = CONNECTIONS,
) -> list[float]:
    """Send requests over all connections at once, as fast as they are answered or at a rate; seconds of each."""
    pause = 0.0 if per_second is None else connections / per_second
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_send_on_all_connections(port, requests, times=times, pause=pause, connections=connections))


def send_in_turn(port: int, requests: Sequence[bytes]) -> list[float]:
    """Send requests one after the other over one new connection; seconds of each."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(send_requests(port, requests))


def measure_cpu_us(server: Server, requests: Sequence[bytes], *, times: int) -> float:
    """CPU time of the service's processes per request, in microseconds."""
    before = server.cpu_seconds()
    send_load(server.port, requests, times=times)
    return (server.cpu_seconds() - before) / times * 1e6
