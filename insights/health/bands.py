"""Health bands with hysteresis, and the drops that raise an alert.

    75 - - - - - - - - -     up into healthy from here, where the limit is 70 and `hysteresis` 5
    70 =================
    65 - - - - - - - - -     down into watch below this

Between the two a customer keeps their band, and for `min_days_in_band` whatever the score does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from core.config.customers import HealthSettings
from core.health import BANDS, Band

WORST_ACCEPTABLE = BANDS.index(Band.AT_RISK)
"A customer whose earlier scores are unknown raises an alert when they fall into this band or below."


@dataclass(frozen=True)
class BandStates:
    """Each customer's band, since when, and when their last alert was raised; every array is (n,)."""

    band: NDArray[np.int64]
    "Index into `BANDS`, 0 is worst; -1 for a customer seen for the first time."
    since: NDArray[np.datetime64]
    "datetime64[D]; NaT for a customer seen for the first time."
    dropped_on: NDArray[np.datetime64]
    "datetime64[D] of the last drop that raised an alert; NaT if there was none."
    dropped_from: NDArray[np.float64]
    "Health before that drop: the higher one of 7 and 28 days before. NaN if unknown."
    dropped_to: NDArray[np.float64]
    "Health on the day of that drop; NaN if there was none."

    @classmethod
    def unknown(cls, n_customers: int) -> Self:
        """The state of customers who were never seen."""
        never = np.full(n_customers, np.datetime64("NaT", "D"))
        nothing = np.full(n_customers, np.nan)
        return cls(np.full(n_customers, -1), never, never, nothing, nothing)

    def take(self, rows: NDArray[np.int64]) -> Self:
        """The states of these rows; -1 stands for a customer who was never seen."""
        padded = (
            np.append(array, unknown) for array, unknown in zip(self._arrays, self.unknown(1)._arrays, strict=True)
        )
        return type(self)(*(array[rows] for array in padded))

    @property
    def _arrays(self) -> tuple[NDArray[Any], ...]:
        return self.band, self.since, self.dropped_on, self.dropped_from, self.dropped_to


def band_limits(settings: HealthSettings) -> NDArray[np.float64]:
    """The three limits between bands, (3,), rising; a limit belongs to the band above it."""
    return np.array([settings.at_risk_from, settings.watch_from, settings.healthy_from])


def update_bands(before: BandStates, health: NDArray[np.float64], *, day: date, settings: HealthSettings) -> BandStates:
    """Move each customer (n,) to the band of today's health, subject to hysteresis and `min_days_in_band`.

    A customer seen for the first time gets the band of the score itself.
    """
    limits, today = band_limits(settings), np.datetime64(day, "D")
    lowest = np.searchsorted(limits + settings.hysteresis, health, side="right")
    highest = np.searchsorted(limits - settings.hysteresis, health, side="right")
    moved = np.clip(before.band, lowest, highest)
    is_new = before.band < 0
    stays = ~is_new & (today - before.since < np.timedelta64(settings.min_days_in_band, "D"))
    band = np.where(stays, before.band, np.where(is_new, np.searchsorted(limits, health, side="right"), moved))
    return replace(before, band=band, since=np.where(band == before.band, before.since, today))


def is_alert(
    before: BandStates,
    after: BandStates,
    *,
    health: NDArray[np.float64],
    drop: NDArray[np.float64],
    day: date,
    settings: HealthSettings,
) -> NDArray[np.bool_]:
    """Which customers (n,) dropped by `alert_drop` points to below healthy.

    `drop` is the larger of the drops since 7 and since 28 days before. Where neither day is known, a fall into a band
    that needs action counts. A drop stays visible for 28 days, so a customer raises no second alert within
    `cooldown_days`; one who keeps dropping raises a new one after that.
    """
    by_score = (drop >= settings.alert_drop) & (health < settings.healthy_from)
    by_band = np.isnan(drop) & (after.band < before.band) & (after.band <= WORST_ACCEPTABLE)
    is_cooling_down = np.datetime64(day, "D") - before.dropped_on < np.timedelta64(settings.cooldown_days, "D")
    return (by_score | by_band) & ~is_cooling_down
