"""Computes the health of every customer on one day: score, dimensions, reasons for changes, band, alerts.

   -28 days            -7 days      the day
---|-------------------|------------|          the champion scores every customer at each, as known then
                       bands, alerts: from the previous day's file and today's score
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from core.config.customers import HealthSettings
from core.config.data_set import Config
from core.errors import BadInput
from core.health_scale import HealthScale
from core.scores import Reason
from insights.health.bands import BandStates, is_alert, update_bands
from insights.health.reasons import changes_between
from insights.health.risk import Risk, risk_at, sum_by_dimension
from models.protocols import ChurnModel, is_additive
from tables.tables import Tables

DAYS_BACK = (7, 28)
"Days to compare with; reasons and dimensions use the longer one where the customer was one then."


@dataclass(frozen=True)
class PreviousBands:
    """The band states of every customer on the previous day."""

    customer_ids: NDArray[np.str_]
    "(n,), sorted."
    states: BandStates

    def of(self, customer_ids: NDArray[np.str_]) -> BandStates:
        """The states of these customers; unknown for new ones."""
        places = np.searchsorted(self.customer_ids, customer_ids)
        is_present = np.append(self.customer_ids, "")[places] == customer_ids
        return self.states.take(np.where(is_present, places, -1))


NO_BANDS = PreviousBands(np.empty(0, "U1"), BandStates.unknown(0))
"Before the first day."


@dataclass(frozen=True, kw_only=True)
class HealthDay:
    """One row per customer, sorted by id."""

    cutoff: date
    customer_ids: NDArray[np.str_]
    "(n,)"
    probability: NDArray[np.float64]
    "(n,) of churn within the champion's horizon."
    health: NDArray[np.float64]
    "(n,) 0 to 100."
    dimensions: NDArray[np.float64]
    "(n, dimensions) 0 to 100, in the order of `core.health.DIMENSIONS`; NaN for a dimension without features."
    health_before: Mapping[int, NDArray[np.float64]]
    "(n,) by `DAYS_BACK`; NaN for customers who were new then."
    reasons: list[tuple[Reason, ...]]
    "Why health changed, strongest first."
    dropped_most: NDArray[np.int64]
    "(n,) index into the dimensions: the one in which the risk rose most."
    states: BandStates

    def __len__(self) -> int:
        return len(self.customer_ids)

    @property
    def has_alert(self) -> NDArray[np.bool_]:
        """(n,) whether the customer raised an alert on this day, which opens a task."""
        return self.states.dropped_on == np.datetime64(self.cutoff, "D")

    def is_down(self, settings: HealthSettings) -> NDArray[np.bool_]:
        """(n,) whether the customer raised an alert within the cooldown and has not recovered since."""
        is_recent = np.datetime64(self.cutoff, "D") - self.states.dropped_on < np.timedelta64(
            settings.cooldown_days, "D"
        )
        return is_recent & (self.health < settings.healthy_from)

    @property
    def bands(self) -> PreviousBands:
        """The input of the next day."""
        return PreviousBands(self.customer_ids, self.states)

    @property
    def best_before(self) -> NDArray[np.float64]:
        """The higher of the earlier health scores, (n,); NaN for a new customer."""
        return np.fmax.reduce([self.health_before[days] for days in DAYS_BACK])


class HealthRun:
    """Computes days in rising order with one champion; each cutoff is scored once."""

    def __init__(self, tables: Tables, champion: ChurnModel) -> None:
        if not is_additive(champion):
            raise BadInput(f"health needs a champion with additive contributions, which {champion.name} has not")
        self._tables = tables
        self._champion = champion
        self._risks: dict[date, Risk] = {}

    def compute(self, cutoff: date, previous: PreviousBands) -> HealthDay:
        """The health of every customer at a cutoff, from the bands of the previous day."""
        oldest = cutoff - timedelta(days=max(DAYS_BACK))
        self._risks = {day: risk for day, risk in self._risks.items() if day >= oldest}
        before = {days: self._risk(cutoff - timedelta(days=days)) for days in DAYS_BACK}
        return compute_day(self._tables.config, self._risk(cutoff), before=before, previous=previous)

    def _risk(self, cutoff: date) -> Risk:
        if cutoff not in self._risks:
            self._risks[cutoff] = risk_at(self._tables, self._champion, cutoff=cutoff)
        return self._risks[cutoff]


def days_until(last: date, n_days: int, *, step_days: int) -> list[date]:
    """Every `step_days`-th day within the last `n_days`, oldest first, `last` included."""
    return [last - timedelta(days=back) for back in range(0, max(n_days, 1), step_days)][::-1]


def compute_day(config: Config, now: Risk, *, before: Mapping[int, Risk], previous: PreviousBands) -> HealthDay:
    """Compute one day from today's risk, the risks `DAYS_BACK` and the bands of the previous day."""
    scale = HealthScale.from_risk_levels(config.risk_levels)
    health = scale.health(now.log_odds)
    rows = {days: before[days].rows_of(now.customer_ids) for days in DAYS_BACK}
    health_before = {days: _pick(scale.health(before[days].log_odds), rows[days]) for days in DAYS_BACK}
    by_dimension = sum_by_dimension(now.contributions, now.columns)
    states_before = previous.of(now.customer_ids)
    states = update_bands(states_before, health, day=now.cutoff, settings=config.health)
    day = HealthDay(
        cutoff=now.cutoff,
        customer_ids=now.customer_ids,
        probability=expit(now.log_odds),
        health=health,
        dimensions=scale.health(now.average + by_dimension),
        health_before=health_before,
        reasons=_reasons(now, before, rows=rows),
        dropped_most=_largest_drop(by_dimension, before, rows=rows),
        states=states,
    )
    has_alert = is_alert(
        states_before,
        states,
        health=health,
        drop=day.best_before - health,
        day=now.cutoff,
        settings=config.health,
    )
    return replace(day, states=_record_drops(day, states_before, has_alert=has_alert))


def _record_drops(day: HealthDay, before: BandStates, *, has_alert: NDArray[np.bool_]) -> BandStates:
    """The states of a day, with the drops that raised an alert on it instead of earlier ones."""
    return replace(
        day.states,
        dropped_on=np.where(has_alert, np.datetime64(day.cutoff, "D"), before.dropped_on),
        dropped_from=np.where(has_alert, day.best_before, before.dropped_from),
        dropped_to=np.where(has_alert, day.health, before.dropped_to),
    )


def _pick(values: NDArray[np.float64], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """The values of these rows, NaN for row -1."""
    return np.concatenate([values, np.full((1, *values.shape[1:]), np.nan)])[rows]


def _reasons(
    now: Risk, before: Mapping[int, Risk], *, rows: Mapping[int, NDArray[np.int64]]
) -> list[tuple[Reason, ...]]:
    shorter, longer = (changes_between(before[days], now, rows=rows[days]) for days in DAYS_BACK)
    return [long if row >= 0 else short for short, long, row in zip(shorter, longer, rows[DAYS_BACK[1]], strict=True)]


def _largest_drop(
    by_dimension: NDArray[np.float64], before: Mapping[int, Risk], *, rows: Mapping[int, NDArray[np.int64]]
) -> NDArray[np.int64]:
    """The dimension in which risk rose most since 28 days before, else 7, else against an average customer."""
    week, month = (
        _pick(sum_by_dimension(before[days].contributions, before[days].columns), rows[days]) for days in DAYS_BACK
    )
    reference = np.where(rows[28][:, None] >= 0, month, np.where(rows[7][:, None] >= 0, week, 0.0))
    return np.nan_to_num(by_dimension - reference, nan=-np.inf).argmax(axis=1)
