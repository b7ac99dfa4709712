"""Models beside each other: their metrics as figures, as a table, and in plain sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from benchmarks.figures import Figure
from benchmarks.measure import Cost
from benchmarks.pages import interval, table
from core.model_card import Comparison, Metric


def measured_figures(place: str, metrics: Sequence[Metric]) -> list[Figure]:
    """The metrics as figures: `online_retail.churn.logistic.auc`."""
    return [
        Figure(f"{place}.{m.model}.{m.name}", m.estimate.value, m.estimate.low, m.estimate.high, m.name)
        for m in metrics
    ]


def metric_table(metrics: Sequence[Metric], names: Sequence[str], costs: Mapping[str, Cost]) -> str:
    """One column a model, one row a metric, and what a fit and its answers cost."""
    rows = metric_rows(metrics, names, costs)
    rows.append(["seconds", *(f"{cost.seconds:.1f}" for cost in costs.values())])
    rows.append(["CPU seconds", *(f"{cost.cpu_seconds:.1f}" for cost in costs.values())])
    rows.append(["peak GB", *(f"{cost.peak_memory_gb:.2f}" for cost in costs.values())])
    return table(["", *costs], rows)


def metric_rows(metrics: Sequence[Metric], names: Sequence[str], models: Iterable[str]) -> list[list[str]]:
    """A row each of these metrics, of the models in their order."""
    by_name = {(m.model, m.name): m.estimate for m in metrics}
    return [[name, *(interval(by_name[model, name]) for model in models)] for name in names]


def plain_sentences(comparisons: list[Comparison]) -> str:
    """Which differences to the bar are real."""
    return "\n".join(
        f"* `{c.model}` against `{c.against}` in {c.name}: {interval(c.difference)}: "
        + (
            "better"
            if c.is_significant and c.difference.value > 0
            else "worse"
            if c.is_significant
            else "no real difference"
        )
        for c in comparisons
    )
