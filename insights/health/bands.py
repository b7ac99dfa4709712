"""Bands that do not flap: a score has to cross a limit for good, and nobody changes band twice within a short time.

    75 - - - - - - - - -     up into healthy from here, where the limit is 70 and `hysteresis` 5
    70 =================
    65 - - - - - - - - -     down into watch below this

Between the two a customer stays where they are, and for `min_days_in_band` wherever the score goes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Self

import numpy as np

from core.config.relations import HealthSettings
from core.health import BANDS, Band

WORRYING = BANDS.index(Band.AT_RISK)
"From this band down, somebody has to act."


@dataclass(frozen=True)
class Standing:
    """Where each customer stands, since when, and when they last fell; every array is (n,)."""

    band: np.ndarray
    "int64 index into `BANDS`, 0 is worst; -1 where the customer was never seen."
    since: np.ndarray
    "datetime64[D]; NaT where never seen."
    dropped_on: np.ndarray
    "datetime64[D] of the last fall that made a task; NaT where there was none."

    @classmethod
    def unknown(cls, n_customers: int) -> Self:
        """Nobody was seen yet."""
        never = np.full(n_customers, np.datetime64("NaT", "D"))
        return cls(np.full(n_customers, -1), never, never)

    def take(self, rows: np.ndarray) -> Self:
        """The customers of these rows; -1 is one who was never seen."""
        with_nobody = (
            np.append(each, nobody) for each, nobody in zip(self._arrays, self.unknown(1)._arrays, strict=True)
        )
        return type(self)(*(each[rows] for each in with_nobody))

    @property
    def _arrays(self) -> tuple[np.ndarray, ...]:
        return self.band, self.since, self.dropped_on


def limits_of(settings: HealthSettings) -> np.ndarray:
    """(3,) float64, rising: each belongs to the band above it."""
    return np.array([settings.at_risk_from, settings.watch_from, settings.healthy_from])


def standing_after(before: Standing, score: np.ndarray, day: date, settings: HealthSettings) -> Standing:
    """Where everybody stands on a day with these scores; who was never seen begins in the band of the score itself."""
    limits, today = limits_of(settings), np.datetime64(day, "D")
    at_least = np.searchsorted(limits + settings.hysteresis, score, side="right")
    at_most = np.searchsorted(limits - settings.hysteresis, score, side="right")
    moved = np.clip(before.band, at_least, at_most)
    new = before.band < 0
    stays = ~new & (today - before.since < np.timedelta64(settings.min_days_in_band, "D"))
    band = np.where(stays, before.band, np.where(new, np.searchsorted(limits, score, side="right"), moved))
    return replace(before, band=band, since=np.where(band == before.band, before.since, today))
