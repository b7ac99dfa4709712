"""Measures what a churn score by id costs the service, against other ways to serve one.

`python -m benchmarks.churn_by_id` builds a synthetic release with the classes of `kizuna release`, and serves it with a
key, a limit of requests and metrics. Beside it run a trivial endpoint with all defaults of BentoML, the usual way
(sync endpoint, row of a pandas table, pyfunc model) and `mlflow models serve`, one worker each. They get requests in
turns. A ratio is that of one round; the figure is the median of the rounds.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import lightgbm
import msgspec
import numpy as np
import pandas as pd
import typer
from mlflow import lightgbm as lightgbm_flavour
from mlflow.models import infer_signature

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.http_load import CONNECTIONS, Server, measure_cpu_us, post, send_in_turn, send_load, serve
from benchmarks.pages import figure_table, table, write_section
from benchmarks.score_peers import FEATURES, MODEL
from benchmarks.score_release import ACTIVATION, NOW, customer_ids, score_release
from core import environment
from core.access import Scope, new_key
from core.environment import KEYS_FILE
from serving.keys.file import KeyFile
from serving.release.releases import Releases
from serving.release.stored_answers import store_answers

NAME = "serving.churn_by_id"
N_FEATURES, N_TREES = 60, 300
ROUNDS = 7
N_BODIES = 500
"Different requests, each for other customers."
MANY = 100
LOAD, SECONDS_OF_LOAD = 0.7, 3.0
STARTS = 3
FIRST_PORT = 3871
PER_MINUTE = 100_000_000
"A limit that the measurement does not reach."


@dataclass(frozen=True)
class Way:
    """One way to serve churn scores."""

    server: Server
    requests: Mapping[int, Sequence[bytes]]
    "By number of ids."
    times: Mapping[int, int]
    "Requests of one round, by number of ids."


def make_requests(n_customers: int, n_ids: int, *, path: str, headers: Mapping[str, str]) -> list[bytes]:
    """Requests for random customers."""
    ids = customer_ids(n_customers)
    rows = np.random.default_rng(n_ids).integers(n_customers, size=(N_BODIES, n_ids))
    bodies = (msgspec.json.encode({"customer_ids": ids[some].tolist()}) for some in rows)
    return [post(path, body, headers=headers) for body in bodies]


def write_peers_model(home: Path, n_customers: int) -> dict[str, str]:
    """Fit a model on random features, and write it and the customers' features; variables with their paths."""
    generator = np.random.default_rng(1)
    features = generator.random((n_customers, N_FEATURES), dtype=np.float32)
    rows = features[:20_000]
    columns = [f"f{number}" for number in range(N_FEATURES)]
    table_of_rows = pd.DataFrame(rows, columns=columns)
    classifier = lightgbm.LGBMClassifier(n_estimators=N_TREES, learning_rate=0.03, num_leaves=8, n_jobs=1, verbose=-1)
    classifier.fit(table_of_rows, rows[:, 0] + generator.random(len(rows)) > 1)
    model, stored = home / "model", home / "features.npy"
    signature = infer_signature(table_of_rows, classifier.predict(table_of_rows))
    lightgbm_flavour.save_model(classifier, str(model), signature=signature, pip_requirements=["lightgbm"])
    np.save(stored, features)
    return {MODEL: str(model), FEATURES: str(stored)}


def bentoml_command(service: str) -> list[str]:
    """The command that runs a service of BentoML."""
    return [sys.executable, "-m", "bentoml", "serve", service]


def publish_release(home: Path, n_customers: int) -> tuple[Path, str, float]:
    """Publish a release with a key beside it; the folder of releases, the key, and the seconds that it took."""
    folder = home / "kizuna" / "releases"
    began = time.perf_counter()
    Releases(folder).publish(store_answers(score_release(n_customers)), ACTIVATION)
    seconds = time.perf_counter() - began
    key, text = new_key("bench", (Scope.SCORE,), now=NOW, requests_per_minute=PER_MINUTE)
    KeyFile(folder.parent / KEYS_FILE).add(key)
    return folder, text, seconds


def start_all(running: ExitStack, home: Path, n_customers: int, *, folder: Path, key: str) -> dict[str, Way]:
    """Start every way to serve."""
    ports = iter(range(FIRST_PORT, FIRST_PORT + 4))
    ways: dict[str, Way] = {}
    kizuna = serve_kizuna(folder, next(ports))
    score = {"authorization": f"Bearer {key}"}
    ways["kizuna"] = Way(
        running.enter_context(kizuna),
        {n: make_requests(n_customers, n, path="/v1/churn/score", headers=score) for n in (1, MANY)},
        {1: 4_000, MANY: 1_200},
    )
    variables = write_peers_model(home, n_customers)
    for name, service, times in (
        ("default_bentoml", "DefaultService", {1: 1_600}),
        ("usual", "UsualService", {1: 320, MANY: 160}),
    ):
        command = bentoml_command(f"benchmarks.score_peers:{service}")
        server = running.enter_context(serve(command, port=next(ports), variables=variables))
        ways[name] = Way(server, {n: make_requests(n_customers, n, path="/score", headers={}) for n in times}, times)
    model = [sys.executable, "-m", "mlflow", "models", "serve", "-m", variables[MODEL], "--env-manager", "local"]
    server = running.enter_context(serve(model, port=next(ports), variables={}, ready="/ping"))
    ways["mlflow"] = Way(server, {1: [model_request()]}, {1: 160})
    return ways


def serve_kizuna(folder: Path, port: int) -> AbstractContextManager[Server]:
    """The service on a folder of releases."""
    variables = {environment.RELEASES: str(folder), environment.WORKERS: "1"}
    return serve(bentoml_command("serving.service:Kizuna"), port=port, variables=variables)


def model_request() -> bytes:
    """A request with the features of one customer, which MLflow's server needs."""
    row = np.random.default_rng(2).random(N_FEATURES).tolist()
    columns = [f"f{number}" for number in range(N_FEATURES)]
    return post("/invocations", msgspec.json.encode({"dataframe_split": {"columns": columns, "data": [row]}}))


def measure_costs(ways: Mapping[str, Way]) -> dict[tuple[str, int], list[float]]:
    """CPU microseconds per request of each way and number of ids, by round; a first round only warms up."""
    spent: dict[tuple[str, int], list[float]] = {(name, n): [] for name, way in ways.items() for n in way.times}
    for _ in range(ROUNDS + 1):
        for (name, n), rounds in spent.items():
            way = ways[name]
            rounds.append(measure_cpu_us(way.server, way.requests[n], times=way.times[n]))
    return {one: rounds[1:] for one, rounds in spent.items()}


def measure_tail(way: Way) -> list[float]:
    """p99 over p50 of response times at 70 % of the highest throughput, by round."""
    ratios: list[float] = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        send_load(way.server.port, way.requests[1], times=way.times[1])
        per_second = LOAD * way.times[1] / (time.perf_counter() - began)
        times = int(per_second * SECONDS_OF_LOAD)
        seconds = send_load(way.server.port, way.requests[1], times=times, per_second=per_second)
        p50, p99 = np.quantile(seconds, [0.5, 0.99])
        ratios.append(float(p99 / p50))
    return ratios


def measure_first(folder: Path, requests: Sequence[bytes], *, port: int) -> list[float]:
    """Time of the first request after a start over the median of later ones on the same connection, by start."""
    ratios: list[float] = []
    for _ in range(STARTS):
        with serve_kizuna(folder, port) as server:
            seconds = send_in_turn(server.port, requests)
            ratios.append(seconds[0] / statistics.median(seconds[1:]))
    return ratios


def make_figures(
    costs: Mapping[tuple[str, int], list[float]], tail: list[float], *, first: list[float], private_mb: float
) -> list[BenchmarkFigure]:
    """The figures; a ratio of costs is Kizuna's over another's."""

    def against(peer: str, n_ids: int) -> list[float]:
        pairs = zip(costs["kizuna", n_ids], costs[peer, n_ids], strict=True)
        return [own / other for own, other in pairs]

    many = f"serving.churn_{MANY}_ids"
    runs: dict[str, tuple[list[float], str]] = {
        f"{NAME}.cpu_vs_default_bentoml": (against("default_bentoml", 1), "of its CPU"),
        f"{NAME}.cpu_vs_usual": (against("usual", 1), "of its CPU"),
        f"{NAME}.cpu_vs_mlflow": (against("mlflow", 1), "of its CPU"),
        f"{NAME}.p99_vs_p50": (tail, "times"),
        f"{NAME}.first_vs_p50": (first, "times"),
        f"{many}.cpu_vs_usual": (against("usual", MANY), "of its CPU"),
        "serving.worker.private_mb": ([private_mb], "MB"),
    }
    return [
        BenchmarkFigure(figure=name, value=statistics.median(values), low=min(values), high=max(values), unit=unit)
        for name, (values, unit) in runs.items()
    ]


def main(
    customers: Annotated[int, typer.Option(help="Customers of the synthetic release.")] = 1_000_000,
) -> None:
    """Serve, measure, publish the figures and write the section."""
    with tempfile.TemporaryDirectory() as place, ExitStack() as running:
        home = Path(place)
        folder, key, seconds = publish_release(home, customers)
        ways = start_all(running, home, customers, folder=folder, key=key)
        costs = measure_costs(ways)
        tail, private_mb = measure_tail(ways["kizuna"]), ways["kizuna"].server.private_mb(folder)
        first = measure_first(folder, ways["kizuna"].requests[1], port=FIRST_PORT + 4)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    figures = make_figures(costs, tail, first=first, private_mb=private_mb)
    publish(NAME, figures)
    facts = {
        "Release": f"{customers:,} customers with three reasons each, synthetic: the classes of `kizuna release`, not "
        f"the command; {size / 1e9:.2f} GB, built and written in {seconds:.0f} s; no other part than churn",
        "Load": f"one worker each, {CONNECTIONS} connections over loopback, random customers; Kizuna with a key, a "
        "limit of requests and metrics",
        "CPU": f"of all processes of a service, {ROUNDS} rounds in turns; the trivial endpoint has BentoML's defaults "
        f"(uvloop is installed), the usual way a pandas row of {N_FEATURES} features and an LGBMClassifier "
        f"with {N_TREES} trees and a signature",
        "Latency": f"p99 and p50 at {LOAD:.0%} of the highest throughput that this client reaches on the same machine; "
        f"the first request after {STARTS} starts",
    }
    rows = [
        [f"{name}, {n} ids", f"{statistics.median(runs):,.0f} us", f"{min(runs):,.0f} to {max(runs):,.0f}"]
        for (name, n), runs in costs.items()
    ]
    write_section(
        NAME,
        "The cost of a churn score by id",
        command="python -m benchmarks.churn_by_id",
        facts=facts,
        parts=[figure_table(figures), table(["service", "CPU per request", "range"], rows)],
    )


if __name__ == "__main__":
    typer.run(main)
