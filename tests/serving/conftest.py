"""The HTTP application without a server, and the service in its own processes."""

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

from serving.decisions.database import DecisionDatabase
from serving.http.app import Api, all_endpoints
from serving.http.live import LiveRelease, LiveReleaseHooks
from serving.http.metrics import ServiceMetrics
from serving.http.schema import Endpoint
from serving.release.releases import Releases
from tests.serving.sample_release import publish, sample_release

START_SECONDS = 90
ALL_ENDPOINTS = tuple(all_endpoints())
PROJECT = Path(__file__).resolve().parents[2]
CHECKOUT = ("serving.service:Kizuna", "--working-dir", str(PROJECT))

LISTS_ITS_MODULES = """
import os, pathlib, signal, sys

def list_modules(*_):
    path = pathlib.Path("{home}/.modules")
    path.write_text(" ".join(sys.modules))
    path.rename("{home}/modules-" + str(os.getpid()))

signal.signal(signal.SIGUSR1, list_modules)
"""
"A sitecustomize.py, which Python runs first in each process of the service."

Send = Callable[..., httpx.Response]


def open_api(
    folder: Path, endpoints: Sequence[Endpoint] = ALL_ENDPOINTS, *, decisions: DecisionDatabase | None = None
) -> Api:
    """The HTTP application on a folder of releases, with the active one opened."""
    metrics = ServiceMetrics()
    live = LiveRelease(Releases(folder), LiveReleaseHooks(lambda release, activation: None, metrics.count_failure))
    live.check()
    return Api(live, endpoints, metrics=metrics, decisions=decisions)


def client_for(api: Api) -> Send:
    """A function that sends one request to an application and returns the response."""

    async def request(method: str, path: str, **options: Any) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://kizuna") as client:
            return await client.request(method, path, **options)

    return lambda method, path, **options: asyncio.run(request(method, path, **options))


@pytest.fixture(scope="module")
def send(tmp_path_factory: pytest.TempPathFactory) -> Send:
    """Send a request to an application on the whole sample release."""
    folder = tmp_path_factory.mktemp("home") / "releases"
    publish(folder, sample_release())
    return client_for(open_api(folder))


@dataclass(frozen=True)
class RunningService:
    """A running service."""

    address: str
    releases: Path
    log: Path


@contextmanager
def run_service(
    home: Path, *, workers: int, target: Sequence[str] = CHECKOUT, python: str = sys.executable
) -> Iterator[RunningService]:
    """Run `bentoml serve` on a free port; ready inside the block.

    `home` contains the folder `releases`, and gets the log and other files of the service.
    """
    port, log = free_port(), home / "log"
    (home / "sitecustomize.py").write_text(LISTS_ITS_MODULES.format(home=home))
    environment = os.environ | {
        "KIZUNA_RELEASES": str(home / "releases"),
        "KIZUNA_WORKERS": str(workers),
        "BENTOML_DO_NOT_TRACK": "True",
        "BENTOML_HOME": str(home / "bentoml"),
        "PYTHONPATH": str(home),
    }
    command = [python, "-m", "bentoml", "serve", *target, "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, cwd=home, stdout=output, stderr=output, umask=0o022)
    try:
        service = RunningService(f"http://127.0.0.1:{port}", home / "releases", log)
        wait_until(lambda: is_ready(service.address), f"the service did not start; see {log}")
        yield service
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """The service with two workers on the sample release."""
    home = tmp_path_factory.mktemp("served")
    publish(home / "releases", sample_release())
    with run_service(home, workers=2) as service:
        yield service


def free_port() -> int:
    """A free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def is_ready(address: str) -> bool:
    """Whether the service at this address has a release."""
    try:
        return httpx.get(f"{address}/readyz", timeout=1).is_success
    except httpx.HTTPError:
        return False


def wait_until(condition: Callable[[], bool], message: str) -> None:
    """Return once the condition holds; fail with the message after some time."""
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        assert time.monotonic() < deadline, message
        time.sleep(0.1)
