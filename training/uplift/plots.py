"""Plots of an uplift training: Qini curves with their bands, and uplift by decile."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from models.metrics.uplift.deciles import uplift_by_decile
from models.metrics.uplift.ranking import qini_band
from training.run.plots import empty_plot
from training.uplift.study import CHOSEN, TreatmentStudy

MAX_TREATMENTS = 6
"That are drawn, those with the most contacts."
N_RESAMPLES = 100


def uplift_plots(studies: Mapping[str, TreatmentStudy]) -> dict[str, Figure]:
    """Two figures for each of the largest treatments, by the ranking of the chosen model on the tested contacts."""
    largest = sorted(studies, key=lambda name: -len(studies[name].rows))[:MAX_TREATMENTS]
    plots: dict[str, Figure] = {}
    for place, treatment in enumerate(largest):
        suffix = f"_{place + 1}" if len(largest) > 1 else ""
        plots[f"qini{suffix}"] = plot_qini(studies[treatment], treatment)
        plots[f"uplift_by_decile{suffix}"] = plot_deciles(studies[treatment], treatment)
    return plots


def plot_qini(study: TreatmentStudy, treatment: str) -> Figure:
    """Incremental outcomes by the share of customers that is contacted, with the 90 % band."""
    band = qini_band(study.score(CHOSEN), study.rows, n_resamples=N_RESAMPLES)
    figure, axes = empty_plot("share contacted, highest score first", "incremental outcomes per 1,000 customers")
    values = [one.value for one in band.values]
    axes.plot(band.shares, values, label=treatment, color="tab:blue")
    axes.fill_between(
        band.shares, [one.low for one in band.values], [one.high for one in band.values], alpha=0.2, color="tab:blue"
    )
    axes.plot([0, 1], [0, values[-1]], color="grey", linestyle=":", label="at random")
    axes.legend()
    return figure


def plot_deciles(study: TreatmentStudy, treatment: str) -> Figure:
    """What the treatment changed in each tenth of the customers, with 90 % intervals."""
    deciles = uplift_by_decile(study.score(CHOSEN), study.rows, n_resamples=N_RESAMPLES)
    figure, axes = empty_plot("decile, highest score first", f"uplift of {treatment}")
    values = np.array([[one.uplift.low, one.uplift.value, one.uplift.high] for one in deciles]).T
    places = [one.place for one in deciles]
    axes.bar(places, values[1], color="tab:blue", alpha=0.7)
    axes.errorbar(places, values[1], yerr=[values[1] - values[0], values[2] - values[1]], fmt="none", color="black")
    axes.set_xticks(places)
    return figure
