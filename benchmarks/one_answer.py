"""Measures the cost of one answer: CPU of ten items for one history, as the service does it, among 40,981 of Gowalla.

`python -m benchmarks.one_answer` measures every model that `benchmarks.recommenders --data-set gowalla` has fitted,
and fits the others: one history at a time, items of the history allowed, one thread, models in turns.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.pages import figure_table, write_section
from benchmarks.ranking_tasks import gowalla_files
from benchmarks.recommenders import run
from core.interactions import Histories
from models.artifact import Artifact
from models.recommenders.catalogue import RECOMMENDERS
from models.recommenders.engine.base import Recommender

NAME = "recommenders.answer_ms"
K = 10
N_HISTORIES = 50
"Customers per run, the same for every model."
N_RUNS = 9


def measure_answers(
    models: Mapping[str, Recommender], histories: Histories, *, n_runs: int = N_RUNS
) -> dict[str, list[float]]:
    """CPU milliseconds of one answer by model: for each run, the mean over the histories. Models take turns."""
    single = [histories.take(np.array([row])) for row in range(len(histories))]
    runs: dict[str, list[float]] = {name: [] for name in models}
    with threadpool_limits(1):
        for model in models.values():
            model.recommend(single[0], K)  # the first answer builds caches, which are not measured
        for _ in range(n_runs):
            for name, model in models.items():
                began = time.process_time()
                for one in single:
                    model.recommend(one, K)
                runs[name].append((time.process_time() - began) / len(single) * 1e3)
    return runs


def main() -> None:
    """Measure and publish."""
    results = run(gowalla_files())
    models = {
        name: RECOMMENDERS[name].from_artifact(Artifact.read(results.fits[name].artifact, memory_map=True))
        for name in results.models
    }
    histories = results.benchmark.test.histories
    rows = np.sort(np.random.default_rng(7).choice(len(histories), N_HISTORIES, replace=False))
    answers = measure_answers(models, histories.take(rows))
    named = {f"recommenders.{name}.answer_ms": runs for name, runs in answers.items()} | {NAME: answers[results.single]}
    figures = [
        BenchmarkFigure(figure=name, value=float(np.median(runs)), low=min(runs), high=max(runs), unit="ms")
        for name, runs in named.items()
    ]
    publish(NAME, figures)
    write_section(
        NAME,
        "The cost of one recommendation",
        command="python -m benchmarks.one_answer",
        facts={
            "Request": f"the {K} best of {len(histories.item_ids):,} items for one history, items of the history "
            "allowed; one thread, CPU time",
            "Runs": f"{N_RUNS} of {N_HISTORIES} customers each, models in turns; the value is the median run",
            "Single": f"`{NAME}` is the figure of `{results.single}`, the best single model on Gowalla by validation",
        },
        parts=[figure_table(figures)],
    )


if __name__ == "__main__":
    main()
