"""What is on the rise: this window's purchases against those of the window before, both decayed alike.

    [--- window before ---)[--- this window ---) cutoff

    score = log2((this window + PRIOR_PURCHASES) / (window before + PRIOR_PURCHASES))

A score of 1 is a doubling. The prior keeps 1 -> 3 purchases (.24, undecayed) below 100 -> 200 (.93).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from core.interactions import Interactions, weights_of

PRIOR_PURCHASES = 10.0
"So many purchases are taken to have happened in each window besides: the more, the less few purchases can say."


@dataclass(frozen=True)
class Trend:
    """How each item's purchases grow; anonymous ones count too."""

    scores: np.ndarray
    "(m,) float32: doublings of the decayed purchases; above 0 is on the rise."
    counts: np.ndarray
    "(m,) int64: lines in this window."
    counts_before: np.ndarray
    "(m,) int64: lines in the window before."


def trending(
    interactions: Interactions, cutoff: date, window_days: int = 14, half_life_days: float | None = 7.0
) -> Trend:
    """The trend of each item in the `window_days` before the cutoff.

    Within a window a line counts half as much every `half_life_days` before its end; None halves nothing.
    """
    middle = cutoff - timedelta(days=window_days)
    decayed, counts = _in_window(interactions, middle, cutoff, half_life_days)
    decayed_before, counts_before = _in_window(
        interactions, middle - timedelta(days=window_days), middle, half_life_days
    )
    scores = np.log2((decayed + PRIOR_PURCHASES) / (decayed_before + PRIOR_PURCHASES))
    return Trend(scores.astype(np.float32), counts, counts_before)


def _in_window(
    interactions: Interactions, start: date, end: date, half_life_days: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """(m,) decayed and plain numbers of lines in [start, end)."""
    inside = interactions.since(start).before(end)
    items = np.concatenate([inside.items, inside.anonymous_items])
    times = np.concatenate([inside.times, inside.anonymous_times])
    m = len(inside.item_ids)
    return np.bincount(items, weights_of(times, half_life_days, end), minlength=m), np.bincount(items, minlength=m)
