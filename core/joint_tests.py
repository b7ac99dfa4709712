"""Tests of several estimates together: of many that are 0, the highest is high by chance.

Holm's step-down procedure (Holm 1979): the smallest of k p-values has to be at most alpha / k, the next one at most
alpha / (k - 1), and so on until one is not. Whatever the estimates have in common, the chance that any of those that
are 0 is taken for more is at most alpha.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from core.intervals import HALF_WIDTH, TAILS, Estimate

ALPHA = TAILS[0]
"One-sided: an estimate whose 90 % interval begins at 0 has this p-value."


def p_value_above_zero(estimate: Estimate) -> float:
    """P(an estimate as high as this one), if the true figure is 0, by the normal approximation.

    The standard error is that of the lower half of the interval, because bootstrap intervals are not symmetric: the
    p-value of one estimate is below ALPHA where its interval is above 0. Without an interval it is 1.
    """
    below = estimate.value - estimate.low
    if not estimate.has_interval or below <= 0:
        return 1.0
    return NormalDist().cdf(-estimate.value / below * HALF_WIDTH)


def adjust_p_values(p_values: Sequence[float]) -> NDArray[np.float64]:
    """The smallest alpha at which Holm's procedure takes each estimate for more than 0, (k,)."""
    given = np.array(p_values, dtype=np.float64)
    order = np.argsort(given, kind="stable")
    steps = np.arange(len(given), 0, -1) * given[order]
    adjusted = np.empty(len(given))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted
