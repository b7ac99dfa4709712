"""What new items cost: NDCG@10 against the recall of new items, by the discovery weight of the lists.

`python -m benchmarks.discovery`: the model that training would register on online_retail, last basket out, on the
validation basket (to choose a weight by) and on the test basket.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import typer

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.fit_one import DISCOVERY
from benchmarks.fits import SplitFiles
from benchmarks.pages import format_interval, table, write_section
from benchmarks.ranking_report import choose_registered
from benchmarks.ranking_tasks import RankingBenchmark, online_retail_baskets
from core.intervals import Estimate
from models.metrics.ranking.evaluation import ranking_metrics
from models.metrics.ranking.splits import Split, generate_recommendations
from models.recommenders.catalogue import RECOMMENDERS

NAME = "discovery"
COMMAND = "python -m benchmarks.discovery"
WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)
METRICS = ("ndcg@10", "new_recall@10", "repeat_recall@10")

Curve = Mapping[float, Mapping[str, Estimate]]
"The metrics by weight and name."


def main() -> None:
    """Print and publish the curves, and write the section."""
    benchmark = online_retail_baskets()
    files = SplitFiles.of(benchmark.validation, f"{benchmark.section}.validation")
    fits = {name: files.fit(recipe, benchmark.ks[-1]) for name, recipe in benchmark.recipes.items()}
    model = choose_registered(fits, benchmark.validation, metric=benchmark.selection_metric)
    splits = {"validation": benchmark.validation, "test": benchmark.test}
    curves = {which: measure_curve(benchmark, split, model=model) for which, split in splits.items()}
    publish(NAME, figures_of(curves, model=model, place=benchmark.place), printed=False)
    page = write_section(
        NAME,
        "What new items cost",
        command=COMMAND,
        facts={
            "Data": benchmark.data,
            "Evaluation": f"{len(benchmark.test):,} customers: {benchmark.evaluation}",
            "Model": f"`{model}`, which validation chooses: the simplest within one standard error of the best",
        },
        parts=[part for which, curve in curves.items() for part in (f"On the {which} basket:", curve_table(curve))]
        + [
            f"Items bought before lose this weight of their score. Lists have {DISCOVERY:g} unless `[recommender] "
            "discovery` states another; it was chosen on validation data. `new_recall` counts items that a customer "
            "had not bought before, `repeat_recall` the others."
        ],
    )
    typer.echo(page.read_text(encoding="utf-8"))


def measure_curve(benchmark: RankingBenchmark, split: Split, *, model: str) -> Curve:
    """The metrics of one split by weight; the model is fitted once."""
    fitted = benchmark.recipes[model].build(RECOMMENDERS).fit(split.training, split.cutoff)
    curve = {}
    for weight in WEIGHTS:
        answer = generate_recommendations(fitted, split, k=10, discovery=weight, explains=False)
        metrics = ranking_metrics(model, answer, truth=split.truth, past=split.training.histories, ks=(10,))
        curve[weight] = {metric.name: metric.estimate for metric in metrics if metric.name in METRICS}
    return curve


def figures_of(curves: Mapping[str, Curve], *, model: str, place: str) -> list[BenchmarkFigure]:
    """The figures of the curves, and again as `registered` those of the test at the default weight."""
    figures = [
        _figure(f"{place}.{model}.{which}.discovery_{weight:g}.{name}", estimate)
        for which, curve in curves.items()
        for weight, estimates in curve.items()
        for name, estimate in estimates.items()
    ]
    by_default = curves["test"][DISCOVERY]
    return figures + [_figure(f"{place}.registered.{name}", estimate) for name, estimate in by_default.items()]


def curve_table(curve: Curve) -> str:
    """One row for each weight; the default one is bold."""
    rows = [
        [f"**{weight:g}**" if weight == DISCOVERY else f"{weight:g}", *(format_interval(one[name]) for name in METRICS)]
        for weight, one in curve.items()
    ]
    return table(["discovery", *METRICS], rows)


def _figure(name: str, estimate: Estimate) -> BenchmarkFigure:
    low, high = np.nan_to_num([estimate.low, estimate.high], nan=estimate.value).tolist()
    return BenchmarkFigure(figure=name, value=estimate.value, low=low, high=high, unit="share")


if __name__ == "__main__":
    typer.run(main)
