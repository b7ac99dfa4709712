"""Measures the CPU cost of one request: Starlette with msgspec against Litestar, under BentoML.

`python -m benchmarks.http_face` serves a release of 10,000 customers from both, sends requests to them in turns over 8
connections, and reads the CPU time of each worker before and after. The figure is the median of the rounds.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.request import urlopen

import msgspec
import numpy as np
import psutil

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.pages import figure_table, write_section
from core.config.training import RiskLevels
from core.scores import Reason, Scores
from serving.release.churn_part import ChurnPart
from serving.release.release import Release, ReleaseDescription, ReleasedModel
from serving.release.releases import Activation, Releases

NAME = "http_face"
SERVICES = {"starlette": "StarletteFace", "litestar": "LitestarFace"}
ROUNDS = 5
REQUESTS = 2_000
CONNECTIONS = 8
N_CUSTOMERS = 10_000
N_IDS = (1, 100)
CUTOFF = date(2026, 4, 1)
NOW = datetime(2026, 4, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Server:
    """A running service and its worker process."""

    port: int
    worker: psutil.Process

    def cpu_seconds(self) -> float:
        """CPU time used so far."""
        spent = self.worker.cpu_times()
        return spent.user + spent.system


def release() -> Release:
    """A release of churn scores with three reasons each."""
    ids = np.array([f"customer-{number:06d}" for number in range(N_CUSTOMERS)])
    probability = np.random.default_rng(0).random(N_CUSTOMERS)
    scores = Scores(
        customer_ids=ids,
        cutoffs=np.full(N_CUSTOMERS, np.datetime64(CUTOFF)),
        value=probability,
        horizon_days=90,
        low=probability,
        high=probability,
    )
    reason = Reason(
        code="recency",
        direction="up",
        weight=1.2,
        value=74.0,
        usual_value=21.0,
        en="Last purchase 74 days ago (this customer usually buys every 21 days)",
        ja="最終購入から74日(この顧客はふだん約21日ごとに購入)",
    )
    part = ChurnPart.of(
        scores, [(reason,) * 3] * N_CUSTOMERS, short_history=np.zeros(N_CUSTOMERS, dtype=bool), risk_levels=RiskLevels()
    )
    model = ReleasedModel(
        name="kizuna.bench.churn", version=1, model="logistic", cutoff=CUTOFF, card_digest="", features_digest="",
        data_digest="",
    )  # fmt: skip
    description = ReleaseDescription(
        release_id="bench", created_at=NOW, data_set="bench", time_zone="UTC", currency="EUR", cutoff=CUTOFF,
        data_digest="", models={"churn": model},
    )  # fmt: skip
    return Release(description, msgspec.Raw(b"{}"), churn=part)


@contextmanager
def server(name: str, *, port: int, home: Path) -> Iterator[Server]:
    """Run `bentoml serve` with one worker; it is ready inside the block."""
    environment = os.environ | {"KIZUNA_RELEASES": str(home / "releases"), "BENTOML_DO_NOT_TRACK": "True"}
    command = [
        sys.executable,
        "-m",
        "bentoml",
        "serve",
        f"benchmarks.http_services:{SERVICES[name]}",
        "--port",
        str(port),
    ]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until_ready(port)
            children = psutil.Process(process.pid).children(recursive=True)
            yield Server(port, next(each for each in children if "_bentoml_impl.worker.service" in each.cmdline()))
        finally:
            process.terminate()


def wait_until_ready(port: int) -> None:
    """Return once the service answers."""
    for _ in range(300):
        try:
            with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"no service on port {port} within 30 s")


async def send_requests(port: int, request: bytes, *, times: int) -> None:
    """Send the request over one connection this many times, waiting for each response."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(times):
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise ValueError(f"unexpected response: {head[:60]!r}")
        length = head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
        await reader.readexactly(int(length))
    writer.close()


async def send_on_all_connections(port: int, request: bytes) -> None:
    """Send requests over all connections at once."""
    await asyncio.gather(*(send_requests(port, request, times=REQUESTS // CONNECTIONS) for _ in range(CONNECTIONS)))


def request_for(n_ids: int) -> bytes:
    """The bytes of one HTTP request."""
    body = msgspec.json.encode({"customer_ids": [f"customer-{number:06d}" for number in range(n_ids)]})
    head = [
        "POST /v1/churn/score HTTP/1.1",
        "host: x",
        "content-type: application/json",
        f"content-length: {len(body)}",
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


def measure_cpu_us(served: Server, n_ids: int) -> float:
    """CPU time of the worker per request, in microseconds."""
    before = served.cpu_seconds()
    asyncio.run(send_on_all_connections(served.port, request_for(n_ids)))
    return (served.cpu_seconds() - before) / REQUESTS * 1e6


def measure(servers: dict[str, Server]) -> list[BenchmarkFigure]:
    """Measure the services in turns, after a round that only warms up."""
    cpu_us: dict[tuple[str, int], list[float]] = {(face, n_ids): [] for face in servers for n_ids in N_IDS}
    for _ in range(ROUNDS + 1):
        for (face, n_ids), spent in cpu_us.items():
            spent.append(measure_cpu_us(servers[face], n_ids))
    return [
        BenchmarkFigure(
            figure=f"http_face.{face}.{n_ids}_ids.cpu",
            value=statistics.median(spent[1:]),
            low=min(spent[1:]),
            high=max(spent[1:]),
            unit="us",
        )
        for (face, n_ids), spent in cpu_us.items()
    ]


def main() -> None:
    """Serve both, measure both, publish the figures and write the section."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        home = Path(folder)
        Releases(home / "releases").publish(release(), Activation(release_id="bench", who="benchmark", why="", at=NOW))
        servers = {
            face: running.enter_context(server(face, port=port, home=home))
            for port, face in enumerate(SERVICES, start=3871)
        }
        figures = measure(servers)
    publish(NAME, figures)
    facts = {
        "Request": f"POST /v1/churn/score of a release of {N_CUSTOMERS:,} customers, over {CONNECTIONS} connections",
        "Rounds": f"{ROUNDS} of {REQUESTS:,} requests, interleaved; CPU of the one worker process",
    }
    title = "The cost of a request"
    write_section(NAME, title, command="python -m benchmarks.http_face", facts=facts, parts=[figure_table(figures)])


if __name__ == "__main__":
    main()
