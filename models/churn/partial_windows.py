"""How much a row counts whose horizon was observed in part, where churn is known day by day.

    complete      churned or stayed: counts 1
    in part       churned so far: counts 1          still there: counts less, the less was observed

With p the churn rate of a horizon and F the share of churn that happens within the observed part, a customer with the
mean risk has the odds p / (1 - p) of a complete row if one who is still there counts F (1 - p) / (1 - p F). Customers
with other risks get nearly their own odds while churn is rare. Person-periods (models/hazard) use the same days.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.labels import Labels


def weigh_observed(outcomes: Labels) -> NDArray[np.float64] | None:
    """How much each row counts, (n,); None where every horizon is over."""
    if outcomes.is_mature.all():
        return None
    days = np.minimum(outcomes.days_observed, outcomes.horizon_days)
    risk = _cumulative_risk(outcomes.days_to_churn, days, horizon_days=outcomes.horizon_days)
    p, share = risk[-1], risk[days - 1] / max(risk[-1], 1e-9)
    return np.where(outcomes.churned | outcomes.is_mature, 1.0, share * (1 - p) / np.maximum(1 - p * share, 1e-9))


def _cumulative_risk(
    days_to_churn: NDArray[np.float64], days_observed: NDArray[np.int64], *, horizon_days: int
) -> NDArray[np.float64]:
    """The share that has churned by the end of each day of the horizon, (horizon_days,), by Kaplan and Meier (1958)."""
    last = np.minimum(days_to_churn, days_observed - 1).astype(np.int64)
    n_churned = np.bincount(last[np.isfinite(days_to_churn)], minlength=horizon_days)[:horizon_days]
    n_at_risk = np.cumsum(np.bincount(last, minlength=horizon_days)[::-1])[::-1][:horizon_days]
    hazard = n_churned.astype(np.float64) / np.maximum(n_at_risk, 1)
    return np.asarray(1 - np.cumprod(1 - hazard), np.float64)
