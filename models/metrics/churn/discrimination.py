"""How well churned customers are ranked above retained ones.

`lift@k` is the churn rate among the k % highest scores divided by the overall rate; `captured@k` is the share of
churned customers among them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.metrics.churn.data import ChurnMetric, ChurnMetricFamily, WeightedRows

LIFTS, CAPTURES = (5, 10, 20), (10, 20)
"In percent of the customers."


def evaluate(weighted: WeightedRows) -> dict[str, NDArray[np.float64]]:
    """(samples,) AUC, average precision, and lift and captured share at each k."""
    groups = weighted.groups
    captured = {percent: groups.capture_rate(percent / 100) for percent in sorted({*LIFTS, *CAPTURES})}
    return {
        "auc": groups.auc(),
        "average_precision": groups.average_precision(),
        **{f"lift@{percent}": captured[percent] / (percent / 100) for percent in LIFTS},
        **{f"captured@{percent}": captured[percent] for percent in CAPTURES},
    }


METRICS = ChurnMetricFamily(
    (
        ChurnMetric("auc", "higher"),
        ChurnMetric("average_precision", "higher"),
        *(ChurnMetric(f"lift@{percent}", "higher") for percent in LIFTS),
        *(ChurnMetric(f"captured@{percent}", "higher") for percent in CAPTURES),
    ),
    evaluate,
)
