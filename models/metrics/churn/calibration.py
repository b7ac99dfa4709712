"""How close probabilities are to what happened.

`calibration_error` is the mean distance between probability and observed rate over bins with equal numbers of rows;
noise alone makes it greater than zero.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.metrics.churn.data import ChurnMetric, ChurnMetricFamily, WeightedRows
from models.metrics.weighted import ratio


def evaluate(weighted: WeightedRows) -> dict[str, NDArray[np.float64]]:
    """(samples,) log loss, Brier score, calibration error, mean probability, observed rate, and their gap."""
    log_loss, brier, probability, rate = weighted.means
    residuals = np.abs(weighted.weights @ weighted.rows.residuals_by_bin).sum(axis=1)
    return {
        "log_loss": log_loss,
        "brier": brier,
        "calibration_error": ratio(residuals, weighted.total),
        "mean_probability": probability,
        "observed_rate": rate,
        "calibration_gap": probability - rate,
    }


METRICS = ChurnMetricFamily(
    (
        ChurnMetric("log_loss", "lower"),
        ChurnMetric("brier", "lower"),
        ChurnMetric("calibration_error", "lower", is_distance=True),
        ChurnMetric("mean_probability"),
        ChurnMetric("observed_rate"),
        ChurnMetric("calibration_gap"),
    ),
    evaluate,
)
