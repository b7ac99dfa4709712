"""Who fell for real: the falls that somebody has to do something about, each seen once.

A drop stays visible for 28 days, so the same customer raises no second alert within `cooldown_days`; a customer who
keeps dropping after that raises a new one.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from core.config.relations import HealthSettings
from insights.health.bands import WORRYING, Standing


def has_fallen(
    before: Standing, after: Standing, health: np.ndarray, fall: np.ndarray, day: date, settings: HealthSettings
) -> np.ndarray:
    """(n,) bool: who fell by `alert_drop` points to below healthy, or into a band in which somebody has to act.

    `fall` is by how much health lies below that of 7 or 28 days before, the larger; NaN where nothing was known.
    """
    by_score = (fall >= settings.alert_drop) & (health < settings.healthy_from)
    by_band = (after.band < before.band) & (after.band <= WORRYING)
    lately = np.datetime64(day, "D") - before.dropped_on < np.timedelta64(settings.cooldown_days, "D")
    return (by_score | by_band) & ~lately
