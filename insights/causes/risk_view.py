"""The third view: how likely it is to leave for each cause, and by when; with a hazard model or without.

hazard model   the mean risks of today's customers, told by the promoted model from what is known of each; they add up
               to the risk of leaving
incidence      without one: of those who come, the share that has left for each stated cause after so many months, and
               for none (Aalen-Johansen, see incidence.py)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
import numpy as np

from core.churn_causes import OTHER
from core.intervals import Estimate, estimate_intervals
from core.risk_curves import RiskCurves
from core.window import DAYS_PER_HORIZON_MONTH
from features.pipeline import compute_features
from insights.causes.panel import Evidence
from models.hazard.hazard import Hazard
from models.metrics.weighted import ratio
from tables.tables import Tables

RISK_MONTHS = (1, 3, 6, 12)

Source = Literal["hazard model", "incidence"]


class RiskView(msgspec.Struct, frozen=True):
    """What it rests on, and the risks."""

    source: Source
    model: str
    "Name and version of the hazard model; '' where there is none."
    months: tuple[int, ...]
    by_cause: dict[str, list[Estimate]]
    "After so many months; of incidences also of those who stated nothing."
    whole: list[Estimate]
    "Of leaving as such: the sum."


@dataclass(frozen=True)
class TodaysRisks:
    """What the promoted hazard model says of today's customers, in the order of the evidence."""

    model: str
    customer_ids: np.ndarray
    curves: RiskCurves

    @classmethod
    def told(cls, tables: Tables, evidence: Evidence, hazard: Hazard, version: int) -> TodaysRisks | None:
        """Ask the model about today's customers; None where it tells no causes apart. Raises DataError."""
        if not hazard.causes_:
            return None
        rows = evidence.rows.take(~evidence.is_past)
        words = {column.name: column.vocabulary for column in hazard.columns_ if column.vocabulary is not None}
        features = compute_features(tables, rows.cohort, vocabularies=words)
        return cls(f"{hazard.name}, version {version}", rows.customer_ids, hazard.curves(features))

    def take(self, rows: np.ndarray) -> TodaysRisks:
        """The customers that an index array or boolean mask picks."""
        return TodaysRisks(self.model, self.customer_ids[rows], self.curves.take(rows))

    def within(self, days: float, causes: Sequence[str]) -> np.ndarray:
        """(n, causes) P(leaving for each within so many days); a cause that is no longer told apart is `other`."""
        said = self.curves.causes_at(days)
        found = np.zeros((len(said), len(causes)))
        for place, cause in enumerate(self.curves.causes):
            found[:, causes.index(cause if cause in causes else OTHER)] += said[:, place]
        return found

    def reaches(self, days: float) -> bool:
        """Whether the curves go so far."""
        return days <= self.curves.horizon_days

    def view(self, causes: Sequence[str], seed: int) -> RiskView:
        """The mean risks of today's customers, with 90 % intervals over customers."""
        months = tuple(one for one in RISK_MONTHS if self.reaches(one * DAYS_PER_HORIZON_MONTH))
        parts = np.concatenate(
            [with_whole(self.within(one * DAYS_PER_HORIZON_MONTH, causes)) for one in months], axis=1
        )

        def means(weights: np.ndarray) -> np.ndarray:
            return ratio(weights @ parts, weights.sum(axis=1, keepdims=True))

        found = iter(estimate_intervals(means, self.customer_ids, seed=seed))
        told = [[next(found) for _ in range(len(causes) + 1)] for _ in months]
        *by_cause, whole = ([month[place] for month in told] for place in range(len(causes) + 1))
        return RiskView("hazard model", self.model, months, dict(zip(causes, by_cause, strict=True)), whole)


def with_whole(parts: np.ndarray) -> np.ndarray:
    """(n, causes + 1): the causes' parts, and last their sum."""
    return np.column_stack([parts, parts.sum(axis=1)])


def view_of_incidence(incidence: dict[str, list[Estimate]], months: Sequence[int]) -> RiskView:
    """The view that needs no model; the whole has no interval of its own."""
    columns = zip(*incidence.values(), strict=True)
    whole = [Estimate(sum(one.value for one in column)) for column in columns]
    return RiskView("incidence", "", tuple(months), incidence, whole)
