"""The nightly work on health, and a year of nights made up for: one day after the other, each from the one before."""

from __future__ import annotations

from datetime import date, timedelta

from core.errors import BadInput
from insights.health.day import DAYS_BACK, HealthDay, Standings, judged
from insights.health.risk import Risk, risk_at
from models.churn.additive import AdditiveModel
from models.protocols import ChurnModel
from tables.tables import Tables


class HealthRun:
    """Judges days by one champion, in rising order; what it sees at a cutoff is computed once."""

    def __init__(self, tables: Tables, champion: ChurnModel) -> None:
        if not isinstance(champion, AdditiveModel):
            raise BadInput(f"health needs a champion that says what each feature adds, which {champion.name} does not")
        self._tables = tables
        self._champion = champion
        self._risks: dict[date, Risk] = {}

    def judge(self, cutoff: date, last: Standings) -> HealthDay:
        """The health of everybody at a cutoff; `last` is where they stood on the day judged before it."""
        oldest = cutoff - timedelta(days=max(DAYS_BACK))
        self._risks = {day: risk for day, risk in self._risks.items() if day >= oldest}
        before = {days: self._risk(cutoff - timedelta(days=days)) for days in DAYS_BACK}
        return judged(self._tables.config, self._risk(cutoff), before, last)

    def _risk(self, cutoff: date) -> Risk:
        if cutoff not in self._risks:
            self._risks[cutoff] = risk_at(self._tables, self._champion, cutoff)
        return self._risks[cutoff]


def days_until(last: date, days: int, step_days: int) -> list[date]:
    """The days to judge, oldest first: `last`, and every so many days before it within the last `days`."""
    return [last - timedelta(days=back) for back in range(0, max(days, 1), step_days)][::-1]
