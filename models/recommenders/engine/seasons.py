"""What was popular when: decayed shares of all purchases, week by week back from the cutoff of the fit.

    row   last      ...      1        0
          |-7 days-|-7 days-|-7 days-cutoff

A customer asked about in April gets April's season, from purchases before that day alone.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from core.interactions import Interactions, weights_of

STEP_DAYS = 7
MOST_STEPS = 52
FLOOR = 0.02
"Of an equal share, which every item has besides, so that nothing is out of season for ever."


def seasons_of(interactions: Interactions, half_life_days: float, cutoff: date) -> np.ndarray:
    """(steps, m) float32: each item's share before the cutoff, a week earlier, and so on to the first purchase."""
    items = np.concatenate([interactions.items, interactions.anonymous_items])
    times = np.concatenate([interactions.times, interactions.anonymous_times])
    m, rows = len(interactions.item_ids), []
    for step in range(MOST_STEPS):
        then = np.datetime64(cutoff, "D") - STEP_DAYS * step
        before = times < then.astype("datetime64[s]")
        if not before.any():
            break
        weights = weights_of(times[before], half_life_days, then.astype(date))
        counted = np.bincount(items[before], weights, minlength=m)
        rows.append(counted / max(counted.sum(), np.finfo(float).tiny) + FLOOR / m)
    return np.array(rows or [np.full(m, 1 / m)], dtype=np.float32)


def season_at(seasons: np.ndarray, fitted_at: date, cutoff: date) -> np.ndarray:
    """(m,): the newest row that knows nothing after the cutoff; the oldest where the cutoff is older still."""
    steps = -(-max(0, (fitted_at - cutoff).days) // STEP_DAYS)
    return seasons[min(steps, len(seasons) - 1)]
