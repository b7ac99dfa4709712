"""Trending items: purchases of the last window against those of the window before, both decayed alike.

    [--- previous window ---)[--- last window ---) cutoff

    score = log2((last window + PRIOR_PURCHASES) / (previous window + PRIOR_PURCHASES))

A score of 1 is a doubling. The prior ranks 1 -> 3 purchases (0.24, without decay) below 100 -> 200 (0.93).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from core.interactions import Interactions, decay_weights

PRIOR_PURCHASES = 10.0
"Added to the purchases of both windows, so that a change of a few purchases counts little."


@dataclass(frozen=True)
class Trend:
    """Growth of each item's purchases, anonymous ones included."""

    scores: NDArray[np.float32]
    "(m,) number of doublings of the decayed purchases; above 0 is trending."
    counts: NDArray[np.int64]
    "(m,) lines in the last window."
    counts_before: NDArray[np.int64]
    "(m,) lines in the previous window."


def measure_trend(
    interactions: Interactions, cutoff: date, *, window_days: int = 14, half_life_days: float | None = 7.0
) -> Trend:
    """The trend of each item over the last `window_days` before the cutoff.

    Within a window a line counts half as much every `half_life_days` before the window's end; None means no decay.
    """
    middle = cutoff - timedelta(days=window_days)
    decayed, counts = _count_window(interactions, middle, end=cutoff, half_life_days=half_life_days)
    decayed_before, counts_before = _count_window(
        interactions, middle - timedelta(days=window_days), end=middle, half_life_days=half_life_days
    )
    scores = np.log2((decayed + PRIOR_PURCHASES) / (decayed_before + PRIOR_PURCHASES))
    return Trend(scores.astype(np.float32), counts, counts_before)


def _count_window(
    interactions: Interactions, start: date, *, end: date, half_life_days: float | None
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(m,) decayed and plain numbers of lines in [start, end)."""
    inside = interactions.since(start).before(end)
    items = np.concatenate([inside.items, inside.anonymous_items])
    times = np.concatenate([inside.times, inside.anonymous_times])
    m, weights = len(inside.item_ids), decay_weights(times, half_life_days, cutoff=end)
    decayed = np.bincount(items, weights, minlength=m).astype(np.float64, copy=False)
    return decayed, np.bincount(items, minlength=m)
