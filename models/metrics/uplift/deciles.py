"""Uplift by decile: what the treatment changed among the customers with the highest scores, the next ones, ..."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.experiments import RandomisedRows
from core.intervals import N_RESAMPLES, Estimate, estimate_intervals
from models.metrics.weighted import ratio

N_DECILES = 10


@dataclass(frozen=True)
class UpliftDecile:
    """A tenth of the customers by falling score."""

    place: int
    "From 1, the highest scores."
    n_treated: int
    n_control: int
    mean_score: float
    with_treatment: Estimate
    "Mean outcome of the treated."
    without: Estimate
    "Mean outcome of the control group."
    uplift: Estimate
    "The difference of both."


def uplift_by_decile(
    score: NDArray[np.float64], rows: RandomisedRows, *, n_deciles: int = N_DECILES, n_resamples: int = N_RESAMPLES
) -> tuple[UpliftDecile, ...]:
    """The deciles of a score, (n,), with intervals over customers; NaN where a decile lacks one of the groups."""
    places = np.empty(len(rows), np.int64)
    places[np.argsort(-score, kind="stable")] = np.arange(len(rows)) * n_deciles // len(rows)
    members = (places[:, None] == np.arange(n_deciles)).astype(np.float64)
    weights = rows.arm_weights
    arms = [members * (weights * group)[:, None] for group in (rows.treated, ~rows.treated)]

    def statistics(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        treated, control = (ratio(counts @ (arm * rows.outcomes[:, None]), counts @ arm) for arm in arms)
        return np.hstack([treated, control, treated - control])

    estimates = estimate_intervals(statistics, rows.customer_ids, n_resamples=n_resamples)
    return tuple(
        UpliftDecile(
            place=place + 1,
            n_treated=int((rows.treated & (places == place)).sum()),
            n_control=int((~rows.treated & (places == place)).sum()),
            mean_score=float(score[places == place].mean()) if (places == place).any() else float("nan"),
            with_treatment=estimates[place],
            without=estimates[n_deciles + place],
            uplift=estimates[2 * n_deciles + place],
        )
        for place in range(n_deciles)
    )
