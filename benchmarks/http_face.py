"""Measures the CPU cost of one request: Starlette with msgspec against Litestar, under BentoML.

`python -m benchmarks.http_face` serves a release of 10,000 customers from both, sends requests to them in turns over 8
connections, and reads the CPU time of each worker before and after. The figure is the median of the rounds.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import msgspec

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.http_load import CONNECTIONS, Server, measure_cpu_us, post, serve
from benchmarks.pages import figure_table, write_section
from benchmarks.score_release import ACTIVATION, customer_ids, score_release
from serving.release.releases import Releases

NAME = "http_face"
SERVICES = {"starlette": "StarletteService", "litestar": "LitestarService"}
ROUNDS = 5
REQUESTS = 2_000
N_CUSTOMERS = 10_000
N_IDS = (1, 100)


def request_for(n_ids: int) -> bytes:
    """The bytes of one HTTP request."""
    return post("/v1/churn/score", msgspec.json.encode({"customer_ids": customer_ids(N_CUSTOMERS)[:n_ids].tolist()}))


def measure(servers: dict[str, Server]) -> list[BenchmarkFigure]:
    """Measure the services in turns, after a round that only warms up."""
    cpu_us: dict[tuple[str, int], list[float]] = {(face, n_ids): [] for face in servers for n_ids in N_IDS}
    for _ in range(ROUNDS + 1):
        for (face, n_ids), spent in cpu_us.items():
            spent.append(measure_cpu_us(servers[face], [request_for(n_ids)], times=REQUESTS))
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
        Releases(home / "releases").publish(score_release(N_CUSTOMERS), ACTIVATION)
        command = [sys.executable, "-m", "bentoml", "serve"]
        variables = {"KIZUNA_RELEASES": str(home / "releases")}
        servers = {
            face: running.enter_context(
                serve([*command, f"benchmarks.http_services:{service}"], port=port, variables=variables)
            )
            for port, (face, service) in enumerate(SERVICES.items(), start=3871)
        }
        figures = measure(servers)
    publish(NAME, figures)
    facts = {
        "Request": f"POST /v1/churn/score of a release of {N_CUSTOMERS:,} customers, over {CONNECTIONS} connections",
        "Rounds": f"{ROUNDS} of {REQUESTS:,} requests, interleaved; CPU of the processes of each service",
    }
    title = "The cost of a request"
    write_section(NAME, title, command="python -m benchmarks.http_face", facts=facts, parts=[figure_table(figures)])


if __name__ == "__main__":
    main()
