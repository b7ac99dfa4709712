"""Plots of a training run, drawn without a screen and without global state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from core.labels import Labels
from core.model_card import Metric
from core.scores import Scores
from models.metrics.classification import Curve, lift_curve, precision_recall_curve, reliability_curve, roc_curve

MAX_FEATURES = 20
"Of the importance plot."
MAX_MARKERS = 20
"Curves with more points have no markers."
SIZE_INCHES = (6.4, 4.8)


def churn_plots(
    scores: Mapping[str, Scores], outcomes: Labels, *, registered: str, importance: Mapping[str, float]
) -> dict[str, Figure]:
    """ROC, precision-recall, reliability and lift curves of every model, and feature importance.

    `scores` are by model, of the same rows as `outcomes`; `importance` is in log-odds, largest first. Curves that need
    both classes are omitted where there is one.
    """
    curves = {"reliability": (reliability_curve, "perfect")}
    if outcomes.churned.any() and not outcomes.churned.all():
        curves |= {
            "roc": (roc_curve, "chance"),
            "precision_recall": (precision_recall_curve, ""),
            "lift": (lift_curve, ""),
        }
    plots = {
        name: _plot_curves(
            {model: curve_of(of_model, outcomes) for model, of_model in scores.items()},
            registered=registered,
            diagonal=diagonal,
        )
        for name, (curve_of, diagonal) in curves.items()
    }
    if importance:
        plots["feature_importance"] = importance_plot(importance)
    return plots


def importance_plot(importance: Mapping[str, float]) -> Figure:
    """The most important features."""
    names = list(importance)[:MAX_FEATURES]
    figure = Figure(figsize=(7.5, 1 + 0.28 * len(names)), layout="constrained")
    axes = figure.subplots()
    axes.barh(names[::-1], [importance[name] for name in names[::-1]], color="tab:blue")
    axes.set_xlabel("mean absolute contribution, log-odds")
    axes.grid(axis="x", alpha=0.3)
    return figure


def ndcg_plot(metrics: Sequence[Metric], *, registered: str) -> Figure:
    """NDCG by list length, with one line and its interval per model."""
    figure, axes = empty_plot("list length, k", "NDCG@k")
    ndcg = [metric for metric in metrics if metric.name.startswith("ndcg@") and metric.split == "test"]
    for model in dict.fromkeys(metric.model for metric in ndcg):
        points = sorted((int(m.name.split("@")[1]), m.estimate) for m in ndcg if m.model == model)
        lengths, values = [k for k, _ in points], [estimate.value for _, estimate in points]
        axes.plot(lengths, values, marker="o", label=model, linewidth=_line_width(model, registered))
        axes.fill_between(lengths, [e.low for _, e in points], [e.high for _, e in points], alpha=0.15)
    axes.set_xticks(sorted({int(metric.name.split("@")[1]) for metric in ndcg}))
    axes.set_ylim(bottom=0)
    axes.legend()
    return figure


def _plot_curves(curves: Mapping[str, Curve], *, registered: str, diagonal: str) -> Figure:
    first = next(iter(curves.values()))
    figure, axes = empty_plot(first.x_label, first.y_label)
    if diagonal:
        axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label=diagonal)
    for model, curve in curves.items():
        marker = "o" if len(curve.x) <= MAX_MARKERS else None
        width = _line_width(model, registered)
        axes.plot(curve.x, curve.y, marker=marker, markersize=3, label=model, linewidth=width)
    axes.legend(loc="best")
    return figure


def _line_width(model: str, registered: str) -> float:
    return 2.4 if model == registered else 1.0


def empty_plot(x_label: str, y_label: str) -> tuple[Figure, Axes]:
    """An empty plot with labelled axes."""
    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    axes = figure.subplots()
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.grid(alpha=0.3)
    return figure, axes
