"""PostgreSQL stops and starts in the middle of ingestion: no acknowledged event is lost, and answers go on."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import closing
from itertools import count

import httpx
import psycopg
import pytest

from tests.serving.conftest import run_service, wait_until
from tests.serving.private_postgres import run_private_postgres
from tests.serving.sample_release import publish, sample_release


class Reporter:
    """A client that reports one event after another, and each until it is acknowledged, as a shop's queue does."""

    def __init__(self, address: str) -> None:
        self.acknowledged: list[str] = []
        self.statuses: Counter[int] = Counter()
        self.problems: set[str] = set()
        self._address = address
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._report)

    def __enter__(self) -> Reporter:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _report(self) -> None:
        with httpx.Client(base_url=self._address, timeout=30) as client:
            for number in count():
                event = {"type": "view", "event_id": f"e{number}", "customer_id": "ada", "item_id": "tea"}
                while not self._send(client, event):
                    if self._stopped.wait(0.05):
                        return
                self.acknowledged.append(event["event_id"])
                if self._stopped.is_set():
                    return

    def _send(self, client: httpx.Client, event: dict[str, str]) -> bool:
        response = client.post("/v1/events", json={"events": [event]})
        self.statuses[response.status_code] += 1
        if not response.is_success:
            self.problems.add(response.headers["content-type"])
        return response.is_success

    def wait_for(self, n_more: int) -> None:
        """Return once this many further events are acknowledged."""
        target = len(self.acknowledged) + n_more
        wait_until(lambda: len(self.acknowledged) >= target, f"no events are acknowledged: {self.statuses}")


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_no_acknowledged_event_is_lost_where_postgresql_stops_and_starts(tmp_path, monkeypatch, mode):
    with run_private_postgres() as postgres:
        monkeypatch.setenv("KIZUNA_DATABASE_URL", postgres.url)
        publish(tmp_path / "releases", sample_release())
        with run_service(tmp_path, workers=2) as service, Reporter(service.address) as reporter:
            reporter.wait_for(20)
            postgres.stop(mode)
            wait_until(lambda: reporter.statuses[503] >= 3, "the stopped database was not noticed")
            score = httpx.post(f"{service.address}/v1/churn/score", json={"customer_ids": ["ada"]}, timeout=30)
            postgres.start()
            reporter.wait_for(20)
        with closing(psycopg.connect(postgres.url)) as connection:
            stored = [event_id for (event_id,) in connection.execute("select event_id from kizuna_events")]

    assert score.status_code == 200
    assert set(reporter.acknowledged) <= set(stored)
    assert len(stored) == len(set(stored))
    assert set(reporter.statuses) == {200, 503}
    assert reporter.problems == {"application/problem+json"}
    assert "Traceback" not in service.log.read_text()
