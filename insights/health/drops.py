"""Who fell for real: the falls that somebody has to do something about, each seen once.

A fall is seen for 28 days, so for `quiet_days` after it the same customer falls no more; whoever then goes on falling
has fallen anew.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from core.config.relations import HealthSettings
from insights.health.bands import WORRYING, Standing


def has_fallen(
    before: Standing, after: Standing, health: np.ndarray, fall: np.ndarray, day: date, settings: HealthSettings
) -> np.ndarray:
    """(n,) bool: who fell by `drop` points to below healthy, or into a band in which somebody has to act.

    `fall` is by how much health lies below that of 7 or 28 days before, the larger; NaN where nothing was known.
    """
    by_score = (fall >= settings.drop) & (health < settings.healthy_from)
    by_band = (after.band < before.band) & (after.band <= WORRYING)
    lately = np.datetime64(day, "D") - before.fell_on < np.timedelta64(settings.quiet_days, "D")
    return (by_score | by_band) & ~lately
