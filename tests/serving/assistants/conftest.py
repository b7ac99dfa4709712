"""A running service with keys on the sample release, and the server that asks it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from mcp import Client
from mcp.types import CallToolResult, TextContent

from core.access import Scope
from serving.assistants.asking import open_http
from serving.assistants.server import build_server
from serving.tasks.store import TaskStore
from tests.clients.conftest import run_api
from tests.serving.http.company import Company
from tests.serving.sample_release import publish, sample_release
from tests.serving.tasks.test_store import COOLDOWN_DAYS, task

TASK = task("ada").task_id
NO_KEY = "kz_00000000_" + "x" * 43


def text_of(result: CallToolResult) -> str:
    """The text of a result: the JSON of an answer, or an error."""
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


@dataclass(frozen=True)
class Place:
    """Where the service is, and texts of its keys."""

    address: str
    keys: dict[str, str]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A service with a key that permits everything, and one for recommendations only."""
    home = tmp_path_factory.mktemp("home")
    publish(home / "releases", sample_release())
    TaskStore.at(None, home / "tasks.db", data_set="shop").add([task("ada")], cooldown_days=COOLDOWN_DAYS)
    company = Company(home)
    keys = {scope: company.add(scope)[1] for scope in (Scope.ADMIN, Scope.RECOMMEND)}
    with run_api(company.api) as address:
        yield Place(address, {**keys, "wrong": NO_KEY})


@pytest.fixture
def call(place: Place) -> Callable[..., Any]:
    """Call a tool in this process with one of the keys; the result has its JSON or its error."""

    def call_tool(name: str, key: str = "admin", /, *, write: bool = False, **arguments: Any) -> Any:
        authorization = f"Bearer {place.keys[key]}"
        server = build_server(
            lambda: open_http(place.address), find_authorization=lambda _: authorization, may_write=write
        )

        async def ask() -> Any:
            async with Client(server) as client:
                return await client.call_tool(name, arguments)

        return asyncio.run(ask())

    return call_tool
