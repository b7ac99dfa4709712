"""Measures how many events a second the service acknowledges, and whether it loses any when it is killed.

`python -m benchmarks.event_acks` reports one event a request over 64 connections, and in turns stores events with one
commit each, as a service without group commit would. Then it kills a process that stores events, 200 times, and looks
for each acknowledged event. Batches of 1,000 are measured apart.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import msgspec
import typer

from benchmarks.churn_by_id import publish_release, serve_kizuna
from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.http_load import post, send_load
from benchmarks.pages import figure_table, write_section
from core.access import Scope, new_key
from core.environment import KEYS_FILE
from core.events import View
from serving.journal.database import Position
from serving.journal.sqlite import SqliteJournal
from serving.keys.file import KeyFile

NAME = "serving.events"
ROUNDS, CONNECTIONS = 5, 64
PER_ROUND, SINGLE, BATCHES = 6_400, 400, 64
N_KILLS = 200
PORT = 3881
NUMBERS = count()


def make_event() -> dict[str, str]:
    """A view with an id of its own."""
    number = next(NUMBERS)
    customer = f"customer-{number % 1_000:07d}"
    return {"type": "view", "event_id": f"e{number}", "customer_id": customer, "item_id": f"i{number % 50}"}


def make_requests(n_requests: int, n_events: int, *, key: str) -> list[bytes]:
    """Requests with that many events each."""
    headers = {"authorization": f"Bearer {key}"}
    batches = ([make_event() for _ in range(n_events)] for _ in range(n_requests))
    return [post("/v1/events", msgspec.json.encode({"events": batch}), headers=headers) for batch in batches]


def measure_acks(port: int, requests: Sequence[bytes], *, n_events: int, connections: int = CONNECTIONS) -> float:
    """Events acknowledged per second."""
    began = time.perf_counter()
    send_load(port, requests, times=len(requests), connections=connections)
    return len(requests) * n_events / (time.perf_counter() - began)


def measure_single_commits(journal: SqliteJournal) -> float:
    """Events per second that the same journal stores with one commit each."""
    began = time.perf_counter()
    for _ in range(SINGLE):
        journal.append([[msgspec.convert(make_event(), View)]], now=datetime.now(UTC))
    return SINGLE / (time.perf_counter() - began)


def measure_sync_ms(folder: Path) -> float:
    """Median time in which the disk confirms a small write, milliseconds."""
    times: list[float] = []
    with (folder / "sync").open("wb") as file:
        for _ in range(200):
            file.write(b"x" * 4_096)
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    return statistics.median(times) * 1e3


def count_lost(folder: Path) -> tuple[int, int]:
    """Acknowledged events, and how many of them are missing after the process was killed N_KILLS times."""
    path, acknowledged = folder / "events.db", set[str]()
    for run in range(N_KILLS):
        command = [sys.executable, "-m", "benchmarks.event_writer", str(path), str(run)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            if process.stdout is None:
                raise RuntimeError("the writer has no output")
            acknowledged |= {process.stdout.readline().strip() for _ in range(20 + run % 37)}
            process.send_signal(signal.SIGKILL)
            # The last line may be half written.
            acknowledged |= set(process.stdout.read().split("\n")[:-1])
    acknowledged.discard("")
    journal = SqliteJournal(path, "bench")
    stored = {one.event.event_id for rows in journal.read_since(Position()) for one in rows}
    return len(acknowledged), len(acknowledged - stored)


def main() -> None:
    """Measure, publish the figures and write the section."""
    with tempfile.TemporaryDirectory(dir=".") as place:
        home = Path(place)
        folder, _, _ = publish_release(home, 1_000)
        ingest, key = new_key("bench", (Scope.INGEST,), now=datetime.now(UTC))
        KeyFile(folder.parent / KEYS_FILE).add(ingest)
        sync_ms, journal = measure_sync_ms(home), SqliteJournal(home / "single.db", "bench")
        together: list[float] = []
        single: list[float] = []
        with serve_kizuna(folder, PORT) as server:
            for _ in range(ROUNDS + 1):
                together.append(measure_acks(server.port, make_requests(PER_ROUND, 1, key=key), n_events=1))
                single.append(measure_single_commits(journal))
            batches = make_requests(BATCHES, 1_000, key=key)
            in_batches = measure_acks(server.port, batches, n_events=1_000, connections=8)
        n_acknowledged, n_lost = count_lost(home)
    ratios = [one / other for one, other in zip(together[1:], single[1:], strict=True)]
    figures = [
        BenchmarkFigure(
            figure="serving.events.acks_vs_single_commit",
            value=statistics.median(ratios),
            low=min(ratios),
            high=max(ratios),
            unit="times",
        ),
        BenchmarkFigure(figure="serving.kills.acknowledged_lost", value=n_lost, low=n_lost, high=n_lost, unit="events"),
    ]
    publish(NAME, figures)
    facts = {
        "Disk": f"confirms a write of 4 kB in {sync_ms:.2f} ms (fdatasync, median); a commit each stores "
        f"{statistics.median(single[1:]):,.0f} events a second",
        "Load": f"one worker with a key and metrics, {CONNECTIONS} connections over loopback, one event a request: "
        f"{statistics.median(together[1:]):,.0f} acknowledged a second; in batches of 1,000: {in_batches:,.0f}",
        "Kills": f"{N_KILLS} times SIGKILL to a process that stores events through the service's writer, "
        f"{n_acknowledged:,} acknowledged",
    }
    write_section(
        NAME,
        "Events acknowledged a second, and after kills",
        command="python -m benchmarks.event_acks",
        facts=facts,
        parts=[figure_table(figures)],
    )


if __name__ == "__main__":
    typer.run(main)
