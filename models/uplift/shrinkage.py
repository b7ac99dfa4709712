"""Shrinks the average effects of treatments towards their common mean, by how much they differ beyond chance.

    effect + (1 - b) * (mean - effect),  b = tau^2 / (tau^2 + se^2)

tau is the standard deviation of the true effects (DerSimonian & Laird 1986). The highest of many estimates is high by
chance, too: without shrinkage, the best of a dozen offers that change nothing looks as if it paid.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.uplift.average_effect import AverageEffect

MIN_TREATMENTS = 3
"With fewer, nothing tells how much true effects differ."


def shrink_average_effects(fits: Sequence[tuple[AverageEffect, Sequence[AverageEffect]]]) -> None:
    """Replace the effect of each treatment, and those of its refits so that they spread as its posterior does.

    Each treatment has its learner and the refits of it on resampled customers.
    """
    if len(fits) < MIN_TREATMENTS or any(len(refits) < 2 for _, refits in fits):
        return
    effects = np.array([learner.average for learner, _ in fits])
    errors = np.array([np.std([refit.average for refit in refits], ddof=1) for _, refits in fits], np.float64)
    if not (errors > 0).all():
        return
    shrunk, spreads = estimate_posterior(effects, errors)
    for place, (learner, refits) in enumerate(fits):
        for refit in refits:
            refit.average = shrunk[place] + (refit.average - effects[place]) * spreads[place] / errors[place]
        learner.average = float(shrunk[place])


def estimate_posterior(
    effects: NDArray[np.float64], errors: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The posterior means and standard deviations of true effects, (k,) each, from estimates and their errors."""
    weights = errors**-2
    deviation = weights @ (effects - np.average(effects, weights=weights)) ** 2
    freedom = weights.sum() - (weights**2).sum() / weights.sum()
    variance = max(0.0, (deviation - (len(effects) - 1)) / freedom)
    weights = 1 / (errors**2 + variance)
    mean, share = np.average(effects, weights=weights), variance / (errors**2 + variance)
    spreads = np.sqrt(share * errors**2 + (1 - share) ** 2 / weights.sum())
    return mean + share * (effects - mean), spreads
