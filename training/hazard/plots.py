"""Plots of a hazard study: predicted curves against Kaplan-Meier and Aalen-Johansen, and reliability."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from core.labels import Labels
from core.risk_curves import RiskCurves
from core.survival import CENSORED, TimeToEvent
from core.window import DAYS_PER_HORIZON_MONTH
from models.metrics.classification import calibration_bins
from models.metrics.survival import N_BINS, CensoredTimes, months_within
from training.run.plots import empty_plot, importance_plot


def hazard_plots(
    curves: Mapping[str, RiskCurves], outcomes: Labels, *, registered: str, importance: Mapping[str, float]
) -> dict[str, Figure]:
    """Mean curves and causes against their references, reliability by month, and feature importance."""
    plots = {
        "churn_curve": _mean_curves(curves, outcomes),
        "reliability": _reliability(curves[registered], outcomes),
    }
    if curves[registered].causes:
        plots["causes"] = _causes(curves[registered], outcomes)
    if importance:
        plots["feature_importance"] = importance_plot(importance)
    return plots


def kaplan_meier(outcomes: Labels, days: NDArray[np.int64]) -> NDArray[np.float64]:
    """The Kaplan-Meier estimate of P(churn) by each day, (days,)."""
    times = CensoredTimes.of(outcomes)
    return 1.0 - TimeToEvent.of_one_cause(times.days, times.is_event).kaplan_meier().at(days.astype(np.float64))[0]


def aalen_johansen(outcomes: Labels, *, cause: str, days: NDArray[np.int64]) -> NDArray[np.float64]:
    """The Aalen-Johansen estimate of P(churn for this cause) by each day, (days,)."""
    times = CensoredTimes.of(outcomes)
    causes = np.where(times.is_event, np.where(outcomes.cause == cause, 0, 1), CENSORED)
    return TimeToEvent(times.days, causes).aalen_johansen(2).at(days.astype(np.float64))[0, 0]


def _mean_curves(curves: Mapping[str, RiskCurves], outcomes: Labels) -> Figure:
    figure, axes = empty_plot("days after the cutoff", "share that churned")
    for model, of_model in curves.items():
        risk = np.append(0, of_model.risk.mean(axis=0))
        axes.plot(np.append(0, of_model.days), risk, marker="o", markersize=3, label=model)
    days = np.arange(next(iter(curves.values())).horizon_days + 1)
    axes.step(days, kaplan_meier(outcomes, days), color="black", label="observed (Kaplan-Meier)")
    axes.legend()
    return figure


def _causes(curves: RiskCurves, outcomes: Labels) -> Figure:
    figure, axes = empty_plot("days after the cutoff", "share that churned, by cause")
    days = np.arange(curves.horizon_days + 1)
    for place, cause in enumerate(curves.causes):
        colour = f"C{place}"
        risk = np.append(0, curves.by_cause[:, :, place].mean(axis=0))
        axes.plot(np.append(0, curves.days), risk, marker="o", markersize=3, color=colour, label=cause)
        axes.step(days, aalen_johansen(outcomes, cause=cause, days=days), color=colour, linestyle=":")
    axes.plot([], [], color="grey", linestyle=":", label="observed (Aalen-Johansen)")
    axes.legend()
    return figure


def _reliability(curves: RiskCurves, outcomes: Labels) -> Figure:
    figure, axes = empty_plot("P(churn)", "share that churned (Kaplan-Meier)")
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="perfect")
    for months in months_within(curves.horizon_days):
        days = months * DAYS_PER_HORIZON_MONTH
        risk = curves.at(days)
        bins = calibration_bins(risk, N_BINS)
        members = [bins == each for each in np.unique(bins)]
        observed = [kaplan_meier(outcomes.take(rows), np.array([days]))[0] for rows in members]
        axes.plot([risk[rows].mean() for rows in members], observed, marker="o", label=f"{months} months")
    axes.legend()
    return figure
