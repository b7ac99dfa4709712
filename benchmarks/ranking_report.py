"""What came out of a ranking benchmark: the table of models, the figures, and the section of the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from benchmarks.comparison import measured_figures, plain_sentences
from benchmarks.figures import Figure, publish
from benchmarks.fits import Fit
from benchmarks.pages import interval, table, write_section
from benchmarks.ranking_tasks import RankingBenchmark
from core.intervals import Estimate
from core.model_card import Comparison, Metric
from models.metrics.ranking.evaluation import compare_rankings, ranking_metrics, share_of_best
from models.metrics.ranking.splits import Split
from training.recommender.trials import SECOND_STAGES

MANY_TOGETHER = ("blend", "reranked")
"Models that are made of others."


@dataclass(frozen=True)
class Judged:
    """How good every answer is; refused models have a fit and no metrics."""

    benchmark: RankingBenchmark
    fits: Mapping[str, Fit]
    "Of the test split."
    validation: tuple[Metric, ...]
    test: tuple[Metric, ...]
    shares: Mapping[str, Estimate]
    "By model, of the best that there can be; empty where that is not known."

    @property
    def answered(self) -> list[str]:
        """The models that were not refused, simplest first."""
        return [name for name, fit in self.fits.items() if fit.answer is not None]

    def best(self, among: Iterable[str]) -> str:
        """The model with the highest validation figure, the first of equals; '' where none answered.

        A second stage takes part only where its interval lies above that of the model behind it, as in training.
        """
        found = {m.model: m.estimate for m in self.validation if m.name == self.benchmark.chosen_by}
        for name, behind in SECOND_STAGES.items():
            if name in found and behind in found and found[name].low <= found[behind].high:
                del found[name]
        return max((name for name in among if name in found), key=lambda name: found[name].value, default="")

    @property
    def single(self) -> str:
        """The best model that is not made of others."""
        return self.best(name for name in self.answered if name not in MANY_TOGETHER)


def judge(benchmark: RankingBenchmark, validation: Mapping[str, Fit], test: Mapping[str, Fit]) -> Judged:
    """Every figure of every answer, and the share of the best where that is known."""
    split, best = benchmark.test, benchmark.best
    shares = {}
    for name, fit in test.items():
        if best is not None and fit.answer is not None:
            shares[name] = share_of_best(fit.answer, best, truth=split.truth, past=split.training.histories)
    return Judged(
        benchmark,
        test,
        _metrics(validation, benchmark, benchmark.validation, "validation"),
        _metrics(test, benchmark, split, "test"),
        shares,
    )


def _metrics(fits: Mapping[str, Fit], benchmark: RankingBenchmark, split: Split, named: str) -> tuple[Metric, ...]:
    past, ks, categories = split.training.histories, benchmark.ks, benchmark.categories
    return tuple(
        metric
        for name, fit in fits.items()
        if fit.answer is not None
        for metric in ranking_metrics(
            name, fit.answer, truth=split.truth, past=past, ks=ks, split=named, categories=categories
        )
    )


def figures_of(judged: Judged) -> list[Figure]:
    """`<place>.<model>.<figure>`; `single` again for the best single model, chosen on validation."""
    place = judged.benchmark.place
    figures = measured_figures(place, judged.test)
    for name in judged.answered:
        cost = judged.fits[name].cost
        said = {"fit_seconds": "s", "peak_memory_gb": "GB", "answer_us": "us"}
        costs = {knob: float(getattr(cost, knob)) for knob in said}
        figures += [Figure(f"{place}.{name}.{knob}", cost, cost, cost, said[knob]) for knob, cost in costs.items()]
    for name, share in judged.shares.items():
        figures.append(Figure(f"{place}.{name}.share_of_best", share.value, share.low, share.high, "share"))
    if judged.shares:
        share = judged.shares[judged.best(judged.answered)]
        figures.append(Figure(f"{place}.share_of_best", share.value, share.low, share.high, "share"))
    if judged.benchmark.published:
        best = f"{place}.{judged.single}."
        figures += [
            Figure(f"{place}.single.{f.figure.removeprefix(best)}", f.value, f.low, f.high, f.unit)
            for f in figures
            if f.figure.startswith(best)
        ]
    return figures


def summary(judged: Judged) -> str:
    """One row a model: how good, how dear, and what others report."""
    k = judged.benchmark.ks[-1] if judged.benchmark.published else judged.benchmark.ks[0]
    header = ["model", f"Recall@{k}", f"NDCG@{k}", f"validation NDCG@{k}", "fit s (CPU s)", "peak GB", "us an answer"]
    tested, validated = ({(m.model, m.name): m.estimate for m in some} for some in (judged.test, judged.validation))
    rows = []
    for name, fit in judged.fits.items():
        if fit.answer is None:
            rows.append([name, f"refused: {fit.cost.refused}", *["-"] * 5])
            continue
        shown = [interval(tested.get((name, f"{figure}@{k}"))) for figure in ("recall", "ndcg")]
        valid = validated.get((name, f"ndcg@{k}"))
        cost = fit.cost
        costs = [
            f"{cost.fit_seconds:.1f} ({cost.fit_cpu_seconds:.1f})",
            f"{cost.peak_memory_gb:.2f}",
            f"{cost.answer_us:.0f}",
        ]
        rows.append([name, *shown, f"{valid.value:.4f}" if valid else "-", *costs])
    if judged.shares:
        header.append("share of the best NDCG@10")
        rows = [[*row, interval(judged.shares.get(row[0]))] for row in rows]
    return _with_published(judged, header, rows)


def _with_published(judged: Judged, header: list[str], rows: list[list[str]]) -> str:
    """What others report, beside the model of that name or in a row of its own."""
    published = judged.benchmark.published
    if not published:
        return table(header, rows)

    def said(name: str) -> str:
        who, recall, ndcg = published[name]
        return f"{recall:.4f} / {ndcg:.4f}: {who}"

    beside = [[*row, said(row[0]) if row[0] in published else "-"] for row in rows]
    others = [[name, *["-"] * (len(header) - 1), said(name)] for name in published if name not in judged.fits]
    return table([*header, "published"], [*beside, *others])


def differences(judged: Judged) -> list[Comparison]:
    """Every model against the bars, in Recall and NDCG of the first k, on the same customers."""
    split, k = judged.benchmark.test, judged.benchmark.ks[0]
    bars = [bar for bar in judged.benchmark.bars if bar in judged.answered]
    found = []
    for name in judged.answered:
        for bar in bars:
            one, other = judged.fits[name].answer, judged.fits[bar].answer
            if name in bars[: bars.index(bar) + 1] or one is None or other is None:
                continue
            past = split.training.histories
            for figure in (f"ndcg@{k}", f"recall@{k}"):
                found.append(
                    compare_rankings(
                        name,
                        bar,
                        recommendations=one,
                        recommendations_against=other,
                        truth=split.truth,
                        past=past,
                        name=figure,
                    )
                )
    return found


def every_figure(judged: Judged) -> str:
    """One row a figure, one column a model."""
    values = {(m.model, m.name): f"{m.estimate.value:.4f}" for m in judged.test}
    names = dict.fromkeys(m.name for m in judged.test)
    rows = [[name, *(values[model, name] for model in judged.answered)] for name in names]
    return table(["", *judged.answered], rows)


def publish_ranking(judged: Judged, data_set: str, protocol: str) -> None:
    """Write the figures and the section."""
    benchmark = judged.benchmark
    publish(benchmark.section, figures_of(judged), printed=False)
    n_items = len(benchmark.test.training.item_ids)
    chosen = f"Validation chooses `{judged.best(judged.answered)}` by {benchmark.chosen_by}"
    chosen += f", and `{judged.single}` among those that are not made of others." if benchmark.published else "."
    parts = [
        summary(judged),
        chosen,
        "Paired differences, positive is better:",
        plain_sentences(differences(judged)),
        "Every figure of the test; brackets are in `var/bench`:",
        every_figure(judged),
        "Each model was fitted and asked in a process of its own, beside other work on the machine: the CPU seconds of "
        "a fit say more than its seconds. Memory is the most that its process held then; an answer's time is that of "
        "everybody asked in a batch.",
    ]
    if benchmark.published:
        parts.insert(1, PUBLISHED_BY)
    parts += [benchmark.remarks] if benchmark.remarks else []
    write_section(
        benchmark.section,
        benchmark.title,
        f"python -m benchmarks.recommenders --data-set {data_set} --protocol {protocol}",
        {
            "Data": benchmark.data,
            "Judged": f"{len(benchmark.test):,} customers, all {n_items:,} items ranked: {benchmark.judged}",
            "Settings and models are chosen by": benchmark.validated,
        },
        parts,
    )


PUBLISHED_BY = (
    "Our settings were chosen on a validation part of the training file, and the test file was looked at once a model. "
    "The published figures are Recall@20 / NDCG@20 on the same test file; their settings often were tuned on it."
)
