"""What new items cost: NDCG@10 against the recall of new items, by the discovery weight of the lists.

`python -m benchmarks.discovery`: the model that training would register on online_retail, last basket out. The curve is
printed for the validation basket (to choose a weight by) and for the test basket.
"""

from __future__ import annotations

import numpy as np
import typer

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.fits import SplitFiles
from benchmarks.ranking_report import choose_registered
from benchmarks.ranking_tasks import RankingBenchmark, online_retail_baskets
from core.intervals import Estimate
from models.metrics.ranking.evaluation import ranking_metrics
from models.metrics.ranking.splits import Split, generate_recommendations
from models.recommenders.catalogue import RECOMMENDERS

WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)
METRICS = ("ndcg@10", "new_recall@10", "repeat_recall@10")


def main() -> None:
    """Print and publish the curve."""
    benchmark = online_retail_baskets()
    files = SplitFiles.of(benchmark.validation, f"{benchmark.section}.validation")
    fits = {name: files.fit(recipe, benchmark.ks[-1]) for name, recipe in benchmark.recipes.items()}
    name = choose_registered(fits, benchmark.validation, metric=benchmark.selection_metric)
    figures = []
    for which, split in (("validation", benchmark.validation), ("test", benchmark.test)):
        figures += curve(benchmark, split, model=name, which=which)
    publish("online_retail.discovery", figures)


def curve(benchmark: RankingBenchmark, split: Split, *, model: str, which: str) -> list[BenchmarkFigure]:
    """The figures of one split, fitted once, by weight."""
    fitted = benchmark.recipes[model].build(RECOMMENDERS).fit(split.training, split.cutoff)
    figures = []
    for weight in WEIGHTS:
        answer = generate_recommendations(fitted, split, k=10, discovery=weight)
        metrics = ranking_metrics(model, answer, truth=split.truth, past=split.training.histories, ks=(10,))
        figures += [
            _figure(f"{benchmark.place}.{model}.{which}.discovery_{weight:g}.{metric.name}", metric.estimate)
            for metric in metrics
            if metric.name in METRICS
        ]
    return figures


def _figure(name: str, estimate: Estimate) -> BenchmarkFigure:
    low, high = np.nan_to_num([estimate.low, estimate.high], nan=estimate.value).tolist()
    return BenchmarkFigure(figure=name, value=estimate.value, low=low, high=high, unit="share")


if __name__ == "__main__":
    typer.run(main)
