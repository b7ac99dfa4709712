"""Measures a new release under load: failed requests, response times, and seconds until the service answers from it.

`python -m benchmarks.release_swap` makes a shop, trains, releases and serves it with Kizuna's commands. Rounds without
and with a new release take turns. The release is published before, so that a round contains the switch of the workers,
from the move of the pointer on, and not the work of the process that builds it.
"""

from __future__ import annotations

import asyncio
import math
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
import typer

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.http_load import CONNECTIONS, post
from benchmarks.large_shop import LargeShop, activation_of
from benchmarks.pages import figure_table, table, write_section
from benchmarks.steady_load import Answer, SteadyLoad, count_failed, find_p99
from core.access import Scope
from serving.release.releases import Releases

NAME = "serving.swap"
ROUNDS = 4
"Publishing keeps five releases: the first, and one for each round."
WORKERS = 2
PER_SECOND = 300.0
ONE_IN = 10
"One request in ten is for recommendations, the others for churn scores."
SECONDS, BEFORE_SWAP = 5.0, 1.0
N_BODIES = 2_000
PER_MINUTE = 100_000_000
"A limit that the measurement does not reach."
PORT = 3891


@dataclass(frozen=True)
class Round:
    """One round without a new release, and one with."""

    steady: list[Answer]
    swap: list[Answer]
    visible_seconds: float
    "From the move of the pointer until every worker has answered from the new release; infinite if one never did."

    @property
    def p99_ratio(self) -> float:
        """p99 of response times with a new release over that without."""
        return find_p99(self.swap) / find_p99(self.steady)


def make_requests(shop: LargeShop, key: str) -> list[bytes]:
    """Requests for random customers with a score."""
    headers, random = {"authorization": f"Bearer {key}"}, np.random.default_rng(1)
    churn = Releases(shop.places.releases).open_active().churn
    if churn is None:
        raise ValueError("the release has no churn scores")
    requests: list[bytes] = []
    for number, row in enumerate(random.integers(len(churn.index), size=N_BODIES).tolist()):
        customer_id = churn.index.name(row)
        if number % ONE_IN:
            path, body = "/v1/churn/score", msgspec.json.encode({"customer_ids": [customer_id]})
        else:
            path, body = "/v1/recommendations", msgspec.json.encode({"customer_id": customer_id})
        requests.append(post(path, body, headers=headers))
    return requests


def measure_round(load: SteadyLoad, releases: Releases, *, release_id: str) -> Round:
    """Send load without a change, then the same while this release is activated."""
    steady = load.send(SECONDS)
    moved_at: list[float] = []

    async def swap() -> None:
        await asyncio.sleep(BEFORE_SWAP)
        moved_at.append(time.perf_counter())
        await asyncio.to_thread(releases.activate, activation_of(release_id, like=releases.active()))

    answers = load.send(SECONDS, meanwhile=swap)
    workers = {worker.pid for worker in load.server.workers}
    visible = measure_visible(answers, workers, release_id=release_id, moved_at=moved_at[0])
    return Round(steady, answers, visible)


def measure_visible(answers: Sequence[Answer], workers: set[int], *, release_id: str, moved_at: float) -> float:
    """Seconds from the move of the pointer until each worker has answered from the release; infinite without that."""
    mark = f'"release_id":"{release_id}"'.encode()
    first: dict[int, float] = {}
    for answer in answers:
        if mark in answer.body:
            first[answer.worker] = min(answer.at, first.get(answer.worker, math.inf))
    return max(first.get(worker, math.inf) for worker in workers) - moved_at


def make_figures(rounds: Sequence[Round]) -> list[BenchmarkFigure]:
    """The figures; failed requests are those of all rounds."""
    failed = [count_failed(one.steady) + count_failed(one.swap) for one in rounds]
    ratios, visible = [one.p99_ratio for one in rounds], [one.visible_seconds for one in rounds]
    median = statistics.median
    return [
        BenchmarkFigure(
            figure=f"{NAME}.failed_requests", value=sum(failed), low=min(failed), high=max(failed), unit="requests"
        ),
        BenchmarkFigure(
            figure=f"{NAME}.p99_vs_steady", value=median(ratios), low=min(ratios), high=max(ratios), unit="times"
        ),
        BenchmarkFigure(
            figure=f"{NAME}.visible_s", value=median(visible), low=min(visible), high=max(visible), unit="s"
        ),
    ]


def describe_rounds(rounds: Sequence[Round]) -> list[list[str]]:
    """One row per round: p99 and the longest response without and with a new release, and the time of the switch."""
    return [
        [
            str(number),
            *(f"{1e3 * value:.1f} ms" for some in (one.steady, one.swap) for value in (find_p99(some), _longest(some))),
            f"{one.visible_seconds:.2f} s",
        ]
        for number, one in enumerate(rounds, start=1)
    ]


def _longest(answers: Sequence[Answer]) -> float:
    return max(one.seconds for one in answers)


def main(customers: Annotated[int, typer.Option(help="Customers of the simulated shop.")] = 50_000) -> None:
    """Make the shop, measure, publish the figures and write the section."""
    with tempfile.TemporaryDirectory(dir=".") as place:
        shop = LargeShop(Path(place).resolve())
        shop.write_tables(customers)
        shop.train()
        shop.run("release")
        _, *new_ids = shop.publish_again(ROUNDS)
        releases = Releases(shop.places.releases)
        size = sum(path.stat().st_size for path in (releases.folder / new_ids[0]).rglob("*") if path.is_file())
        key = shop.add_key("bench", Scope.SCORE, Scope.RECOMMEND, per_minute=PER_MINUTE)
        with shop.serve(PORT, workers=WORKERS) as server:
            load = SteadyLoad(server, make_requests(shop, key), PER_SECOND)
            load.send(SECONDS)  # the first requests only warm up
            rounds = [measure_round(load, releases, release_id=release_id) for release_id in new_ids]
    figures = make_figures(rounds)
    publish(NAME, figures)
    facts = {
        "Release": f"{customers:,} customers with churn scores, reasons, segments and recommendations from 50,000 "
        f"items, built by `kizuna release`, {size / 1e6:.0f} MB; later releases have the same content under other ids",
        "Service": f"`kizuna serve` with {WORKERS} workers, a key, a limit of requests and metrics",
        "Load": f"{PER_SECOND:.0f} requests a second over {CONNECTIONS} connections, one in {ONE_IN} for "
        "recommendations, the others for churn scores; a late request counts from the time at which it was due; any "
        "response but 200, and a dropped connection, is a failed request",
        "Rounds": f"{ROUNDS}, each {SECONDS:.0f} s without and {SECONDS:.0f} s with a new release, which is activated "
        f"after {BEFORE_SWAP:.0f} s; it was written before. Visible: from the move of the pointer until every worker "
        "has answered from the new release",
    }
    header = ["round", "p99 steady", "longest", "p99 with a new release", "longest", "visible after"]
    write_section(
        NAME,
        "A new release under load",
        command="python -m benchmarks.release_swap",
        facts=facts,
        parts=[figure_table(figures), table(header, describe_rounds(rounds))],
    )


if __name__ == "__main__":
    typer.run(main)
