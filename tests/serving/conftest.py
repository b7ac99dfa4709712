"""The face without a server, and the service as a real one."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from serving.http.app import Api
from serving.http.live import LiveRelease, LiveReleaseHooks
from serving.http.metrics import ServiceMetrics
from serving.http.schema import Endpoint
from serving.release.releases import Releases
from serving.routes import all_endpoints
from tests.serving.hand_made import hand_made, put_in_force

START_SECONDS = 90
ALL_ENDPOINTS = tuple(all_endpoints())
PROJECT = Path(__file__).resolve().parents[2]
CHECKOUT = ("serving.service:Kizuna", "--working-dir", str(PROJECT))

TELLS_ITS_MODULES = """
import os, pathlib, signal, sys

def tell(*_):
    written = pathlib.Path("{home}/.modules")
    written.write_text(" ".join(sys.modules))
    written.rename("{home}/modules-" + str(os.getpid()))

signal.signal(signal.SIGUSR1, tell)
"""
"Python runs this first in each process of the service."

Ask = Callable[..., httpx.Response]


def face_on(folder: Path, endpoints: Sequence[Endpoint] = ALL_ENDPOINTS) -> Api:
    """The HTTP face on a folder of releases, looked at once."""
    metrics = ServiceMetrics()
    live = LiveRelease(Releases(folder), LiveReleaseHooks(lambda release, pointer: None, metrics.failed))
    live.look()
    return Api(live, metrics, endpoints)


def asker(face: Api) -> Ask:
    """A function that sends one request to a face and returns its answer."""

    async def ask(method: str, path: str, **request: Any) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(face), base_url="http://kizuna") as client:
            return await client.request(method, path, **request)

    return lambda method, path, **request: asyncio.run(ask(method, path, **request))


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Ask a face with the whole hand-made release."""
    folder = tmp_path_factory.mktemp("releases")
    put_in_force(folder, hand_made())
    return asker(face_on(folder))


@dataclass(frozen=True)
class Served:
    """A service that runs as its own processes."""

    address: str
    releases: Path
    log: Path


@contextmanager
def serving(home: Path, workers: int, what: Sequence[str] = CHECKOUT) -> Iterator[Served]:
    """`bentoml serve` on a free port, ready inside the block."""
    port, log = free_port(), home / "log"
    (home / "sitecustomize.py").write_text(TELLS_ITS_MODULES.format(home=home))
    environment = os.environ | {
        "KIZUNA_RELEASES": str(home / "releases"),
        "KIZUNA_WORKERS": str(workers),
        "BENTOML_DO_NOT_TRACK": "True",
        "BENTOML_HOME": str(home / "bentoml"),
        "PYTHONPATH": str(home),
    }
    command = [sys.executable, "-m", "bentoml", "serve", *what, "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, cwd=home, stdout=output, stderr=output)
    try:
        served = Served(f"http://127.0.0.1:{port}", home / "releases", log)
        wait_until(lambda: ready(served.address), f"the service did not start; see {log}")
        yield served
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service with two workers on the hand-made release."""
    home = tmp_path_factory.mktemp("served")
    put_in_force(home / "releases", hand_made())
    with serving(home, workers=2) as service:
        yield service


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def ready(address: str) -> bool:
    """Whether a service there has a release."""
    try:
        return httpx.get(f"{address}/readyz", timeout=1).is_success
    except httpx.HTTPError:
        return False


def wait_until(happened: Callable[[], bool], otherwise: str) -> None:
    """Return once it has happened; fail after some time."""
    deadline = time.monotonic() + START_SECONDS
    while not happened():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.1)
