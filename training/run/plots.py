"""The pictures of a run, drawn without a screen and without global state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from core.labels import Labels
from core.model_card import Metric
from core.scores import Scores
from models.metrics.curves import Curve, lift_curve, precision_recall_curve, reliability_curve, roc_curve

MOST_FEATURES = 20
SIZE_INCHES = (6.4, 4.8)


def churn_plots(
    scores: Mapping[str, Scores], outcomes: Labels, registered: str, importance: Mapping[str, float]
) -> dict[str, Figure]:
    """ROC, precision and recall, reliability, lift and feature importance; every model's curve in one picture.

    `scores` are of the same rows as `outcomes`, by model; `importance` is in log-odds, largest first. Curves that
    need both classes are left out where there is one.
    """
    plots = {"reliability": _curves(scores, outcomes, registered, reliability_curve, diagonal="perfect")}
    if outcomes.churned.any() and not outcomes.churned.all():
        plots["roc"] = _curves(scores, outcomes, registered, roc_curve, diagonal="chance")
        plots["precision_recall"] = _curves(scores, outcomes, registered, precision_recall_curve)
        plots["lift"] = _curves(scores, outcomes, registered, lift_curve)
    if importance:
        plots["feature_importance"] = importance_plot(importance)
    return plots


def importance_plot(importance: Mapping[str, float]) -> Figure:
    """The features that move probabilities most."""
    names = list(importance)[:MOST_FEATURES]
    figure = Figure(figsize=(7.5, 1 + 0.28 * len(names)), layout="constrained")
    axes = figure.subplots()
    axes.barh(names[::-1], [importance[name] for name in names[::-1]], color="tab:blue")
    axes.set_xlabel("mean size of the contribution, log-odds")
    axes.grid(axis="x", alpha=0.3)
    return figure


def ndcg_plot(metrics: Sequence[Metric], registered: str) -> Figure:
    """NDCG by the length of the list, a line a model, with its interval."""
    figure, axes = empty("length of the list, k", "NDCG@k")
    found = [metric for metric in metrics if metric.name.startswith("ndcg@") and metric.split == "test"]
    for model in dict.fromkeys(metric.model for metric in found):
        points = sorted((int(m.name.split("@")[1]), m.estimate) for m in found if m.model == model)
        lengths, values = [k for k, _ in points], [estimate.value for _, estimate in points]
        axes.plot(lengths, values, marker="o", label=model, linewidth=_width(model, registered))
        axes.fill_between(lengths, [e.low for _, e in points], [e.high for _, e in points], alpha=0.15)
    axes.set_xticks(sorted({int(metric.name.split("@")[1]) for metric in found}))
    axes.set_ylim(bottom=0)
    axes.legend()
    return figure


def _curves(scores: Mapping[str, Scores], outcomes: Labels, registered: str, curve_of, diagonal: str = "") -> Figure:
    curves: dict[str, Curve] = {model: curve_of(its, outcomes) for model, its in scores.items()}
    first = next(iter(curves.values()))
    figure, axes = empty(first.x_means, first.y_means)
    if diagonal:
        axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label=diagonal)
    for model, curve in curves.items():
        marker = "o" if len(curve.x) <= MOST_FEATURES else None
        axes.plot(curve.x, curve.y, marker=marker, markersize=3, label=model, linewidth=_width(model, registered))
    axes.legend(loc="best")
    return figure


def _width(model: str, registered: str) -> float:
    return 2.4 if model == registered else 1.0


def empty(x_means: str, y_means: str) -> tuple[Figure, Axes]:
    """A picture with its axes named."""
    figure = Figure(figsize=SIZE_INCHES, layout="constrained")
    axes = figure.subplots()
    axes.set_xlabel(x_means)
    axes.set_ylabel(y_means)
    axes.grid(alpha=0.3)
    return figure, axes
