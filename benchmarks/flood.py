"""Measures how response times of one key change while another key sends far more requests than it may.

`python -m benchmarks.flood` makes a shop, trains, releases and serves it with Kizuna's commands. Rounds without and
with the flood take turns. Another process sends the flood: over many connections, the next request after each response.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.http_load import CONNECTIONS, OK, read_response
from benchmarks.large_shop import LargeShop
from benchmarks.pages import figure_table, table, write_section
from benchmarks.release_swap import PER_MINUTE, make_requests
from benchmarks.steady_load import Answer, SteadyLoad, count_failed, find_p99
from core.access import Scope

NAME = "serving.flood"
ROUNDS = 5
WORKERS = 2
PER_SECOND = 200.0
SECONDS, LEAD = 5.0, 1.0
"Of a round, and of the flood before it."
LIMIT, FLOOD_CONNECTIONS = 600, 64
"Requests a minute that the key of the flood may send."
PORT = 3893
TOO_MANY = 429


@dataclass(frozen=True)
class Round:
    """One round without the flood, and one with."""

    quiet: list[Answer]
    flooded: list[Answer]
    flood: Counter[int]
    "Responses to the flood, by status."

    @property
    def p99_ratio(self) -> float:
        """p99 of the other key's response times during the flood over that without."""
        return find_p99(self.flooded) / find_p99(self.quiet)


def send_flood(port: int, requests: Sequence[bytes], *, seconds: float) -> Counter[int]:
    """Send as many requests as are answered over all connections; responses by status."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_send_over_all(port, requests, until=time.monotonic() + seconds))


async def _send_over_all(port: int, requests: Sequence[bytes], *, until: float) -> Counter[int]:
    counts = await asyncio.gather(
        *(_send_over_one(port, requests[place:], until=until) for place in range(FLOOD_CONNECTIONS))
    )
    return sum(counts, Counter[int]())


async def _send_over_one(port: int, requests: Sequence[bytes], *, until: float) -> Counter[int]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    counts, number = Counter[int](), 0
    while time.monotonic() < until:
        writer.write(requests[number % len(requests)])
        status, _ = await read_response(reader)
        counts[status] += 1
        number += 1
    writer.close()
    return counts


def measure_round(load: SteadyLoad, flood: Sequence[bytes], *, sender: ProcessPoolExecutor) -> Round:
    """Send the load of one key alone, and then beside the flood."""
    quiet = load.send(SECONDS)
    sent = sender.submit(send_flood, load.server.port, flood, seconds=LEAD + SECONDS)
    time.sleep(LEAD)
    return Round(quiet, load.send(SECONDS), sent.result())


def make_figures(rounds: Sequence[Round]) -> list[BenchmarkFigure]:
    """The figures; failed requests are those of the other key in all rounds."""
    ratios = [one.p99_ratio for one in rounds]
    failed = [count_failed(one.quiet) + count_failed(one.flooded) for one in rounds]
    return [
        BenchmarkFigure(
            figure=f"{NAME}.p99_vs_quiet",
            value=statistics.median(ratios),
            low=min(ratios),
            high=max(ratios),
            unit="times",
        ),
        BenchmarkFigure(
            figure=f"{NAME}.failed_requests", value=sum(failed), low=min(failed), high=max(failed), unit="requests"
        ),
    ]


def describe_rounds(rounds: Sequence[Round]) -> list[list[str]]:
    """One row per round: p99 without and with the flood, and what the flood got a second."""
    return [
        [
            str(number),
            *(f"{1e3 * find_p99(answers):.1f} ms" for answers in (one.quiet, one.flooded)),
            *(f"{one.flood[status] / (LEAD + SECONDS):,.0f}" for status in (OK, TOO_MANY)),
        ]
        for number, one in enumerate(rounds, start=1)
    ]


def main(customers: Annotated[int, typer.Option(help="Customers of the simulated shop.")] = 10_000) -> None:
    """Make the shop, measure, publish the figures and write the section."""
    with tempfile.TemporaryDirectory(dir=".") as place:
        shop = LargeShop(Path(place).resolve())
        shop.write_tables(customers)
        shop.train()
        shop.run("release", "--skip", "report")
        scopes = (Scope.SCORE, Scope.RECOMMEND)
        limited = make_requests(shop, shop.add_key("flood", *scopes, per_minute=LIMIT))
        other = make_requests(shop, shop.add_key("other", *scopes, per_minute=PER_MINUTE))
        with (
            shop.serve(PORT, workers=WORKERS) as server,
            ProcessPoolExecutor(1, mp_context=get_context("spawn")) as sender,
        ):
            load = SteadyLoad(server, other, PER_SECOND)
            measure_round(load, limited, sender=sender)  # warms up, and uses the requests that the limit had saved up
            rounds = [measure_round(load, limited, sender=sender) for _ in range(ROUNDS)]
    figures = make_figures(rounds)
    publish(NAME, figures)
    facts = {
        "Service": f"`kizuna serve` with {WORKERS} workers and metrics, on a release of {customers:,} customers",
        "Flood": f"a key that may send {LIMIT} requests a minute sends over {FLOOD_CONNECTIONS} connections, the next "
        "request after each response, from a process of its own",
        "Other key": f"{PER_SECOND:.0f} requests a second over {CONNECTIONS} connections, one in ten for "
        "recommendations, the others for churn scores; a late request counts from the time at which it was due; any "
        "response but 200, and a dropped connection, is a failed request",
        "Rounds": f"{ROUNDS}, each {SECONDS:.0f} s without and {SECONDS:.0f} s with the flood; the services, the load "
        "and the flood share the cores",
    }
    header = ["round", "p99 quiet", "p99 in the flood", "flood: answered a second", "flood: refused a second"]
    write_section(
        NAME,
        "A flood of another key",
        command="python -m benchmarks.flood",
        facts=facts,
        parts=[figure_table(figures), table(header, describe_rounds(rounds))],
    )


if __name__ == "__main__":
    typer.run(main)
