"""Evaluates a ranking benchmark: figures, the table of models, and the section of the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from benchmarks.figures import BenchmarkFigure, publish
from benchmarks.fits import Fit
from benchmarks.pages import describe_comparisons, format_interval, metric_figures, table, write_section
from benchmarks.ranking_tasks import RankingBenchmark
from core.choosing import choose_simplest
from core.intervals import Estimate
from core.model_card import Comparison, Metric
from models.metrics.ranking.accuracy import accuracy
from models.metrics.ranking.data import RankingData
from models.metrics.ranking.evaluation import compare_rankings, ranking_metrics, share_of_best
from models.metrics.ranking.splits import Split
from models.recommenders.catalogue import RECOMMENDERS

COMBINED_MODELS = ("blend", "reranked")
"Models that combine others."


@dataclass(frozen=True, kw_only=True)
class RankingResults:
    """The metrics of every model. A model that failed has a fit and no metrics."""

    benchmark: RankingBenchmark
    fits: Mapping[str, Fit]
    "On the test split."
    validation: tuple[Metric, ...]
    test: tuple[Metric, ...]
    shares: Mapping[str, Estimate]
    "By model, its share of the best possible NDCG; empty where that is unknown."
    registered: str = ""
    "The model that training would register: the simplest within one standard error of the best on validation."

    @property
    def models(self) -> list[str]:
        """The models that did not fail, simplest first."""
        return [name for name, fit in self.fits.items() if fit.answer is not None]

    def best(self, among: Iterable[str]) -> str:
        """The model with the highest validation figure, the first of ties; '' without any model."""
        estimates = {m.model: m.estimate for m in self.validation if m.name == self.benchmark.selection_metric}
        return max((name for name in among if name in estimates), key=lambda name: estimates[name].value, default="")

    @property
    def single(self) -> str:
        """The best model that does not combine others."""
        return self.best(name for name in self.models if name not in COMBINED_MODELS)


def evaluate(benchmark: RankingBenchmark, *, validation: Mapping[str, Fit], test: Mapping[str, Fit]) -> RankingResults:
    """Compute the metrics of every model, and its share of the best possible NDCG where that is known."""
    split, best = benchmark.test, benchmark.best
    shares = {}
    for name, fit in test.items():
        if best is not None and fit.answer is not None:
            shares[name] = share_of_best(fit.answer, best, truth=split.truth, past=split.training.histories)
    return RankingResults(
        benchmark=benchmark,
        fits=test,
        validation=_metrics(validation, benchmark, split=benchmark.validation, name="validation"),
        test=_metrics(test, benchmark, split=split, name="test"),
        shares=shares,
        registered=choose_registered(validation, benchmark.validation, metric=benchmark.selection_metric),
    )


def choose_registered(fits: Mapping[str, Fit], split: Split, *, metric: str) -> str:
    """The model that training would register, of those that it knows; '' where all of them failed."""
    metric_name, _, k = metric.partition("@")
    by_model: dict[str, NDArray[np.float64]] = {}
    customer_ids = split.truth.customer_ids
    for name, fit in fits.items():
        if fit.answer is not None and name in RECOMMENDERS:
            data = RankingData.align(fit.answer, truth=split.truth, past=split.training.histories)
            by_model[name], customer_ids = accuracy(data.truncate(int(k)))[metric_name], data.customer_ids
    return choose_simplest(customer_ids, by_model) if by_model else ""


def _metrics(fits: Mapping[str, Fit], benchmark: RankingBenchmark, *, split: Split, name: str) -> tuple[Metric, ...]:
    past, ks, categories = split.training.histories, benchmark.ks, benchmark.categories
    return tuple(
        metric
        for model, fit in fits.items()
        if fit.answer is not None
        for metric in ranking_metrics(
            model, fit.answer, truth=split.truth, past=past, ks=ks, split=name, categories=categories
        )
    )


def figures_of(results: RankingResults) -> list[BenchmarkFigure]:
    """The figures, named `<place>.<model>.<figure>`; those of the best single model again as `single`.

    The figures of the model that training would register are repeated as `registered`.
    """
    place = results.benchmark.place
    figures = metric_figures(place, results.test)
    for name in results.models:
        cost = results.fits[name].cost
        units = {"fit_seconds": "s", "peak_memory_gb": "GB", "answer_us": "us"}
        costs = {item: float(getattr(cost, item)) for item in units}
        figures += [
            BenchmarkFigure(figure=f"{place}.{name}.{item}", value=cost, low=cost, high=cost, unit=units[item])
            for item, cost in costs.items()
        ]
    for name, share in results.shares.items():
        figures.append(
            BenchmarkFigure(
                figure=f"{place}.{name}.share_of_best", value=share.value, low=share.low, high=share.high, unit="share"
            )
        )
    if results.shares:
        share = results.shares[results.best(results.models)]
        figures.append(
            BenchmarkFigure(
                figure=f"{place}.share_of_best", value=share.value, low=share.low, high=share.high, unit="share"
            )
        )
    if results.benchmark.published:
        figures += _repeat_figures(figures, f"{place}.{results.single}.", f"{place}.single.")
    if results.registered:
        figures += _repeat_figures(figures, f"{place}.{results.registered}.", f"{place}.registered.")
    return figures


def _repeat_figures(figures: Iterable[BenchmarkFigure], prefix: str, new_prefix: str) -> list[BenchmarkFigure]:
    return [
        replace(figure, figure=new_prefix + figure.figure.removeprefix(prefix))
        for figure in figures
        if figure.figure.startswith(prefix)
    ]


def summary(results: RankingResults) -> str:
    """Render one row per model: accuracy, cost, and what others report."""
    k = results.benchmark.ks[-1] if results.benchmark.published else results.benchmark.ks[0]
    header = [
        "model",
        f"Recall@{k}",
        f"NDCG@{k}",
        f"validation NDCG@{k}",
        "fit s (CPU s)",
        "peak GB",
        "us per customer",
    ]
    tested, validated = ({(m.model, m.name): m.estimate for m in some} for some in (results.test, results.validation))
    rows = []
    for name, fit in results.fits.items():
        if fit.answer is None:
            rows.append([name, f"failed: {fit.cost.refused}", *["-"] * 5])
            continue
        shown = [format_interval(tested.get((name, f"{figure}@{k}"))) for figure in ("recall", "ndcg")]
        valid = validated.get((name, f"ndcg@{k}"))
        cost = fit.cost
        costs = [
            f"{cost.fit_seconds:.1f} ({cost.fit_cpu_seconds:.1f})",
            f"{cost.peak_memory_gb:.2f}",
            f"{cost.answer_us:.0f}",
        ]
        rows.append([name, *shown, f"{valid.value:.4f}" if valid else "-", *costs])
    if results.shares:
        header.append("share of the best NDCG@10")
        rows = [[*row, format_interval(results.shares.get(row[0]))] for row in rows]
    return _with_published(results, header=header, rows=rows)


def _with_published(results: RankingResults, *, header: list[str], rows: list[list[str]]) -> str:
    """Add a column with what others report; models that only others have get their own rows."""
    published = results.benchmark.published
    if not published:
        return table(header, rows)

    def describe(name: str) -> str:
        who, recall, ndcg = published[name]
        return f"{recall:.4f} / {ndcg:.4f}: {who}"

    beside = [[*row, describe(row[0]) if row[0] in published else "-"] for row in rows]
    others = [[name, *["-"] * (len(header) - 1), describe(name)] for name in published if name not in results.fits]
    return table([*header, "published"], [*beside, *others])


def compare_with_baselines(results: RankingResults) -> list[Comparison]:
    """Compare every model with the baselines in Recall and NDCG at the first k, on the same customers."""
    split, k = results.benchmark.test, results.benchmark.ks[0]
    baselines = [name for name in results.benchmark.baselines if name in results.models]
    comparisons = []
    for name in results.models:
        for baseline in baselines:
            one, other = results.fits[name].answer, results.fits[baseline].answer
            if name in baselines[: baselines.index(baseline) + 1] or one is None or other is None:
                continue
            past = split.training.histories
            for figure in (f"ndcg@{k}", f"recall@{k}"):
                comparisons.append(
                    compare_rankings(
                        name,
                        baseline,
                        recommendations=one,
                        recommendations_against=other,
                        truth=split.truth,
                        past=past,
                        name=figure,
                    )
                )
    return comparisons


def all_figures_table(results: RankingResults) -> str:
    """Render one row per figure and one column per model."""
    values = {(m.model, m.name): f"{m.estimate.value:.4f}" for m in results.test}
    names = dict.fromkeys(m.name for m in results.test)
    rows = [[name, *(values[model, name] for model in results.models)] for name in names]
    return table(["", *results.models], rows)


def publish_ranking(results: RankingResults, *, data_set: str, protocol: str) -> None:
    """Write the figures and the section."""
    benchmark = results.benchmark
    publish(benchmark.section, figures_of(results), printed=False)
    n_items = len(benchmark.test.training.item_ids)
    chosen = (
        f"Validation chooses `{results.registered}` by {benchmark.selection_metric}: the simplest model within one "
        f"standard error of the best, `{results.best(results.models)}`"
    )
    if benchmark.published:
        chosen += f"; the best is `{results.single}` among models that do not combine others"
    parts = [
        summary(results),
        f"{chosen}.",
        "Paired differences, positive is better:",
        describe_comparisons(compare_with_baselines(results)),
        "All figures of the test (intervals are in `var/bench`):",
        all_figures_table(results),
        "Each model had its own process, next to other work on the machine, so the CPU seconds of a fit say more than "
        "its seconds. Memory is the peak of that process; the time per customer is that of one batch of all customers.",
    ]
    if benchmark.published:
        parts.insert(1, PUBLISHED_BY)
    parts += [benchmark.remarks] if benchmark.remarks else []
    write_section(
        benchmark.section,
        benchmark.title,
        command=f"python -m benchmarks.recommenders --data-set {data_set} --protocol {protocol}",
        facts={
            "Data": benchmark.data,
            "Evaluation": f"{len(benchmark.test):,} customers, all {n_items:,} items ranked: {benchmark.evaluation}",
            "Settings and models are chosen on": benchmark.selection,
        },
        parts=parts,
    )


PUBLISHED_BY = (
    "Our settings were chosen on a validation part of the training file; each model was evaluated once on the test "
    "file. The published figures are Recall@20 / NDCG@20 on the same test file; their settings were often tuned on it."
)
