"""Curves of leaving beside what happened: Kaplan-Meier and Aalen-Johansen (lifelines), and reliability."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from core.labels import Labels
from core.risk_curves import RiskCurves
from models.metrics.censoring import Followed
from models.metrics.classification import calibration_bins
from models.metrics.survival import MONTH_DAYS, N_BINS, judged_months
from training.run.plots import empty, importance_plot


def hazard_plots(
    told: Mapping[str, RiskCurves], outcomes: Labels, registered: str, importance: Mapping[str, float]
) -> dict[str, Figure]:
    """Mean curves against the reference, causes against theirs, reliability by month, and importance."""
    plots = {"churn_curve": _mean_curves(told, outcomes), "reliability": _reliability(told[registered], outcomes)}
    if told[registered].causes:
        plots["causes"] = _causes(told[registered], outcomes)
    if importance:
        plots["feature_importance"] = importance_plot(importance)
    return plots


def reference_curve(outcomes: Labels, days: np.ndarray) -> np.ndarray:
    """P(churn) by each day as Kaplan and Meier estimate it; (days,)."""
    from lifelines import KaplanMeierFitter

    followed = Followed.of(outcomes)
    fitted = KaplanMeierFitter().fit(followed.days, followed.left)
    return 1.0 - fitted.survival_function_at_times(days).to_numpy()


def reference_cause(outcomes: Labels, cause: str, days: np.ndarray) -> np.ndarray:
    """P(churn for this cause) by each day as Aalen and Johansen estimate it; (days,)."""
    from lifelines import AalenJohansenFitter

    followed = Followed.of(outcomes)
    kinds = np.where(followed.left, np.where(outcomes.cause == cause, 1, 2), 0)
    if not (kinds == 1).any():
        return np.zeros(len(days))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it moves ties apart by a trifle, and says so
        fitted = AalenJohansenFitter(calculate_variance=False, seed=0).fit(followed.days, kinds, event_of_interest=1)
    density = fitted.cumulative_density_.iloc[:, 0]
    places = np.searchsorted(density.index.to_numpy(), days + 0.5, side="right") - 1
    return density.to_numpy()[np.maximum(places, 0)]


def _mean_curves(told: Mapping[str, RiskCurves], outcomes: Labels) -> Figure:
    figure, axes = empty("days after the cutoff", "share that left")
    for model, curves in told.items():
        said = np.append(0, curves.risk.mean(axis=0))
        axes.plot(np.append(0, curves.days), said, marker="o", markersize=3, label=model)
    days = np.arange(next(iter(told.values())).horizon_days + 1)
    axes.step(days, reference_curve(outcomes, days), color="black", label="observed (Kaplan-Meier)")
    axes.legend()
    return figure


def _causes(curves: RiskCurves, outcomes: Labels) -> Figure:
    figure, axes = empty("days after the cutoff", "share that left, by cause")
    days = np.arange(curves.horizon_days + 1)
    for place, cause in enumerate(curves.causes):
        colour = f"C{place}"
        said = np.append(0, curves.by_cause[:, :, place].mean(axis=0))
        axes.plot(np.append(0, curves.days), said, marker="o", markersize=3, color=colour, label=cause)
        axes.step(days, reference_cause(outcomes, cause, days), color=colour, linestyle=":")
    axes.plot([], [], color="grey", linestyle=":", label="observed (Aalen-Johansen)")
    axes.legend()
    return figure


def _reliability(curves: RiskCurves, outcomes: Labels) -> Figure:
    figure, axes = empty("P(churn)", "share that left (Kaplan-Meier)")
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="perfect")
    for months in judged_months(curves.horizon_days):
        risk = curves.at(months * MONTH_DAYS)
        bins = calibration_bins(risk, N_BINS)
        members = [bins == each for each in np.unique(bins)]
        observed = [reference_curve(outcomes.take(rows), np.array([months * MONTH_DAYS]))[0] for rows in members]
        axes.plot([risk[rows].mean() for rows in members], observed, marker="o", label=f"{months} months")
    axes.legend()
    return figure
