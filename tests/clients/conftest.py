"""A real server on the sample release, a server that answers what it is given, and both clients behind one face."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from kizuna_client import AsyncClient, Client, Retries
from serving.http.app import Api
from tests.serving.conftest import free_port, is_ready, open_api, wait_until
from tests.serving.sample_release import publish, sample_release

SOON = Retries(first_wait=0.001)
Answer = tuple[int, dict[str, str], bytes]


@contextmanager
def run_api(api: Api) -> Iterator[str]:
    """The application behind a real server of this process; yields its address."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(api, port=port, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: is_ready(f"http://127.0.0.1:{port}"), "the server did not start")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server on the sample release; its events and decisions are those of one file of tests."""
    home = tmp_path_factory.mktemp("home")
    publish(home / "releases", sample_release())
    with run_api(open_api(home / "releases")) as address:
        yield address


class Script:
    """A server that gives the listed answers, the last one again and again, and keeps what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                script.headers.append({name.lower(): value for name, value in self.headers.items()})
                script.bodies.append(self.rfile.read(int(self.headers.get("content-length", 0))))
                status, headers, body = script.answers.pop(0) if len(script.answers) > 1 else script.answers[0]
                self.send_response(status)
                for name, value in ({"content-length": str(len(body))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_PATCH = answer  # noqa: N815 - names of http.server

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - a name of http.server
                """Nothing: the output belongs to the tests."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = ""


@contextmanager
def serve(server: ThreadingHTTPServer) -> Iterator[str]:
    """Run a server in a thread; yields its address."""
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def run_script() -> Iterator[Callable[..., Script]]:
    """A function that starts such a server."""
    with ExitStack() as running:

        def start(*answers: Answer) -> Script:
            script = Script(*answers)
            script.address = running.enter_context(serve(script.server))
            return script

        yield start


class Awaited:
    """An AsyncClient whose methods are called as those of a Client, each with a connection of its own."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._arguments = args, options

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            return asyncio.run(self._call(name, *args, **options))

        return call

    async def _call(self, name: str, *args: Any, **options: Any) -> Any:
        async with AsyncClient(*self._arguments[0], **self._arguments[1]) as client:
            answer = getattr(client, name)(*args, **options)
            return [one async for one in answer] if hasattr(answer, "__aiter__") else await answer


@pytest.fixture(params=["sync", "async"])
def connect(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """A function that opens a client of either kind, which sends again soon."""
    clients: list[Client] = []

    def open_client(address: str, **options: Any) -> Any:
        options = {"retries": SOON, "key": ""} | options
        if request.param == "async":
            return Awaited(address, **options)
        clients.append(Client(address, **options))
        return clients[-1]

    yield open_client
    for client in clients:
        client.close()


@pytest.fixture
def open_service() -> Iterator[Callable[[Path], str]]:
    """A function that serves the sample release from a folder of its own, and returns the address."""
    with ExitStack() as services:

        def start(home: Path) -> str:
            publish(home / "releases", sample_release())
            return services.enter_context(run_api(open_api(home / "releases")))

        yield start
