"""An application with a file of keys, and requests to it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx

from core.access import new_key
from core.environment import EVENTS_FILE, TASKS_FILE
from serving.http.app import Api, all_endpoints
from serving.http.gate import Gate
from serving.http.live import LiveRelease, LiveReleaseHooks
from serving.http.metrics import ServiceMetrics
from serving.journal.live import JournalPlace, LiveJournals
from serving.keys.file import KeyFile
from serving.keys.live import LiveKeys
from serving.release.releases import Releases
from serving.tasks.database import TaskDatabase

NOW = datetime(2026, 12, 1, tzinfo=UTC)
SCORE = "/v1/churn/score"
ADA = {"customer_ids": ["ada"]}


class Company:
    """An application with a file of keys in a folder with releases."""

    def __init__(self, home, *, database_url=None, **options):
        """Its keys are in a file; tasks and events are in the database at a URL, if there is one."""
        self.file = KeyFile(home / "keys.json")
        live = LiveRelease(Releases(home / "releases"), LiveReleaseHooks(lambda *_: None, lambda: None))
        live.check()
        gate = Gate(keys=LiveKeys(self.file), **options)
        self.api = Api(
            live,
            all_endpoints(),
            metrics=ServiceMetrics(),
            tasks=TaskDatabase.at(database_url, home / TASKS_FILE),
            journals=LiveJournals(JournalPlace(database_url, home / EVENTS_FILE)),
            gate=gate,
        )

    def add(self, *scopes, **options):
        """Make a key; returns its id and text."""
        key, text = new_key("crm", scopes, now=NOW, **options)
        self.file.add(key)
        return key.key_id, text

    async def send(
        self, method="POST", path=SCORE, *, key=None, peer="127.0.0.1", host="localhost", auth=None, **options
    ):
        """Send one request."""
        transport = httpx.ASGITransport(self.api, client=(peer, 50_000))
        headers = {"host": host, **({"authorization": f"Bearer {key}"} if key else {}), **options.pop("headers", {})}
        body: dict[str, Any] = {"json": ADA} if method == "POST" and not options else options
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            return await client.request(method, path, headers=headers, auth=auth, **body)

    def ask(self, *arguments, **options):
        """The status of a request."""
        self.response = asyncio.run(self.send(*arguments, **options))
        return self.response.status_code
