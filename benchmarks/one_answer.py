"""What one answer costs: CPU of ten items for one history, as a service asks it, at Gowalla's 40,981 items.

`python -m benchmarks.one_answer` asks every model that `benchmarks.recommenders --data-set gowalla` has fitted (and
fits what it has not): one history at a time, items of the history allowed, one thread, models taking turns.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.figures import Figure, publish
from benchmarks.pages import figure_table, write_section
from benchmarks.ranking_tasks import gowalla_files
from benchmarks.recommenders import run
from core.interactions import Histories
from models.artifact import Artifact
from models.recommenders.catalogue import RECOMMENDERS
from models.recommenders.engine.base import Recommender

NAME = "recommenders.answer_ms"
K = 10
HISTORIES = 50
"Customers asked for in each run, the same for every model."
RUNS = 9


def answer_ms(models: Mapping[str, Recommender], histories: Histories, runs: int = RUNS) -> dict[str, list[float]]:
    """CPU milliseconds of one answer by model, a mean over the histories for each run; models take turns."""
    alone = [histories.take(np.array([row])) for row in range(len(histories))]
    found: dict[str, list[float]] = {name: [] for name in models}
    with threadpool_limits(1):
        for model in models.values():
            model.recommend(alone[0], K)  # what is made at the first answer is not measured
        for _ in range(runs):
            for name, model in models.items():
                began = time.process_time()
                for one in alone:
                    model.recommend(one, K)
                found[name].append((time.process_time() - began) / len(alone) * 1e3)
    return found


def main() -> None:
    """Measure and publish."""
    judged = run(gowalla_files())
    models = {
        name: RECOMMENDERS[name].from_artifact(Artifact.read(judged.fits[name].artifact, memory_map=True))
        for name in judged.answered
    }
    asking = judged.benchmark.test.histories
    rows = np.sort(np.random.default_rng(7).choice(len(asking), HISTORIES, replace=False))
    found = answer_ms(models, asking.take(rows))
    named = {f"recommenders.{name}.answer_ms": runs for name, runs in found.items()} | {NAME: found[judged.single]}
    figures = [Figure(name, float(np.median(runs)), min(runs), max(runs), "ms") for name, runs in named.items()]
    publish(NAME, figures)
    write_section(
        NAME,
        "The cost of one recommendation",
        "python -m benchmarks.one_answer",
        {
            "Asked": f"the {K} best of {len(asking.item_ids):,} items for one history, items of the history allowed; "
            "one thread, CPU time",
            "Runs": f"{RUNS} of {HISTORIES} customers each, models taking turns; the value is the median run",
            "Served": f"`{NAME}` is that of `{judged.single}`, the best single model on Gowalla by validation",
        },
        [figure_table(figures)],
    )


if __name__ == "__main__":
    main()
