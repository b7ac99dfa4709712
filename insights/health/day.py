"""The health of everybody on one day: score, dimensions, changes and their reasons, band, and who fell.

   -28 days            -7 days      the day
---|-------------------|------------|          the champion scores everybody at each, as known then
                       band, falls: from the day judged before and today's score
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from scipy.special import expit

from core.config.data_set import Config
from core.health_scale import HealthScale
from core.scores import Reason
from insights.health.bands import Standing, standing_after
from insights.health.changes import changes_between
from insights.health.dimensions import by_dimension
from insights.health.drops import has_fallen
from insights.health.risk import Risk

DAYS_BACK = (7, 28)
"What today is compared with; reasons and dimensions go by the longer where the customer was one then."


@dataclass(frozen=True)
class Standings:
    """Where everybody stood on the day judged before."""

    customer_ids: np.ndarray
    "(n,) text 'U', sorted."
    standing: Standing

    def of(self, customer_ids: np.ndarray) -> Standing:
        """Where these customers stood; who was not judged was never seen."""
        places = np.searchsorted(self.customer_ids, customer_ids)
        found = np.append(self.customer_ids, "")[places] == customer_ids
        return self.standing.take(np.where(found, places, -1))


NOBODY = Standings(np.empty(0, "U1"), Standing.unknown(0))
"Before the first day."


@dataclass(frozen=True)
class HealthDay:
    """One row a customer, sorted by id."""

    cutoff: date
    customer_ids: np.ndarray
    "(n,) text 'U'."
    probability: np.ndarray
    "(n,) of leaving within the champion's horizon."
    health: np.ndarray
    "(n,) 0 to 100."
    dimensions: np.ndarray
    "(n, 6) 0 to 100, in the order of `core.health.DIMENSIONS`; NaN where no feature speaks of it."
    health_before: Mapping[int, np.ndarray]
    "(n,) by `DAYS_BACK`; NaN where they were no customer then."
    reasons: list[tuple[Reason, ...]]
    "Why health changed, strongest first."
    dropped_most: np.ndarray
    "(n,) int64 index into the dimensions: which one the risk rose by most."
    standing: Standing

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def fell(self) -> np.ndarray:
        """(n,) bool: who fell on this day, and so makes a task."""
        return self.standing.dropped_on == np.datetime64(self.cutoff, "D")

    @property
    def standings(self) -> Standings:
        """What the next day goes by."""
        return Standings(self.customer_ids, self.standing)

    @property
    def best_before(self) -> np.ndarray:
        """The higher health of those before, (n,); NaN where none is known."""
        return np.fmax.reduce([self.health_before[days] for days in DAYS_BACK])


def judged(config: Config, now: Risk, before: Mapping[int, Risk], last: Standings) -> HealthDay:
    """The day of `now`, with the risks of `DAYS_BACK` days before and where everybody stood when last judged."""
    scale = HealthScale.of(config.risk_levels)
    health = scale.health(now.log_odds)
    rows = {days: before[days].rows_of(now.customer_ids) for days in DAYS_BACK}
    known = {days: _at(scale.health(before[days].log_odds), rows[days]) for days in DAYS_BACK}
    parts = by_dimension(now.contributions, now.columns)
    stood = last.of(now.customer_ids)
    standing = standing_after(stood, health, now.cutoff, config.health)
    day = HealthDay(
        cutoff=now.cutoff,
        customer_ids=now.customer_ids,
        probability=expit(now.log_odds),
        health=health,
        dimensions=scale.health(now.average + parts),
        health_before=known,
        reasons=_reasons(now, before, rows),
        dropped_most=_dropped_most(parts, before, rows),
        standing=standing,
    )
    fell = has_fallen(stood, standing, health, day.best_before - health, now.cutoff, config.health)
    dropped_on = np.where(fell, np.datetime64(now.cutoff, "D"), stood.dropped_on)
    return replace(day, standing=replace(standing, dropped_on=dropped_on))


def _at(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Values of these rows, NaN for row -1."""
    return np.concatenate([values, np.full((1, *values.shape[1:]), np.nan)])[rows]


def _reasons(now: Risk, before: Mapping[int, Risk], rows: Mapping[int, np.ndarray]) -> list[tuple[Reason, ...]]:
    shorter, longer = (changes_between(before[days], now, rows[days]) for days in DAYS_BACK)
    return [long if row >= 0 else short for short, long, row in zip(shorter, longer, rows[DAYS_BACK[1]], strict=True)]


def _dropped_most(parts: np.ndarray, before: Mapping[int, Risk], rows: Mapping[int, np.ndarray]) -> np.ndarray:
    """Against 28 days before, else 7, else an average customer."""
    were = [_at(by_dimension(before[days].contributions, before[days].columns), rows[days]) for days in DAYS_BACK]
    was = np.where(rows[28][:, None] >= 0, were[1], np.where(rows[7][:, None] >= 0, were[0], 0.0))
    return np.nan_to_num(parts - was, nan=-np.inf).argmax(axis=1)
