"""The third view: risk by cause and time, from a hazard model or from past churn.

hazard model   mean risks of today's customers by the promoted model; they add up to the risk of churn
incidence      without one: of new customers, the share that has churned for each stated cause after some months, and
               for none (Aalen-Johansen, see incidence.py)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.churn_causes import OTHER
from core.intervals import Estimate, estimate_intervals
from core.risk_curves import RiskCurves
from core.window import DAYS_PER_HORIZON_MONTH
from features.pipeline import compute_features
from insights.causes.panel import Panel
from models.hazard.hazard import Hazard
from models.metrics.weighted import ratio
from tables.tables import Tables

RISK_MONTHS = (1, 3, 6, 12)

Source = Literal["hazard model", "incidence"]


class RiskView(msgspec.Struct, frozen=True):
    """Risks by cause and months, and their source."""

    source: Source
    model: str
    "Name and version of the hazard model; '' without one."
    months: tuple[int, ...]
    by_cause: dict[str, list[Estimate]]
    "After each number of months; incidences also have customers without a stated cause."
    whole: list[Estimate]
    "Risk of churn: the sum over causes."


@dataclass(frozen=True)
class HazardRisks:
    """Risks of today's customers by the promoted hazard model, in the order of the panel."""

    model: str
    customer_ids: NDArray[np.str_]
    curves: RiskCurves

    @classmethod
    def from_model(cls, tables: Tables, panel: Panel, *, hazard: Hazard, version: int) -> HazardRisks | None:
        """Score today's customers; None for a model without causes. Raises DataError."""
        if not hazard.causes_:
            return None
        rows = panel.rows.take(~panel.is_past)
        vocabularies = {column.name: column.vocabulary for column in hazard.columns_ if column.vocabulary is not None}
        features = compute_features(tables, rows.cohort, vocabularies=vocabularies)
        return cls(f"{hazard.name}, version {version}", rows.customer_ids, hazard.curves(features))

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> HazardRisks:
        """The customers that an index array or boolean mask picks."""
        return HazardRisks(self.model, self.customer_ids[rows], self.curves.take(rows))

    def within(self, days: float, causes: Sequence[str]) -> NDArray[np.float64]:
        """P(churn for each cause within some days), (n, causes); causes that the TOML no longer names are `other`."""
        by_model_cause = self.curves.causes_at(days)
        risks = np.zeros((len(by_model_cause), len(causes)))
        for place, cause in enumerate(self.curves.causes):
            risks[:, causes.index(cause if cause in causes else OTHER)] += by_model_cause[:, place]
        return risks

    def reaches(self, days: float) -> bool:
        """Whether the curves cover this many days."""
        return days <= self.curves.horizon_days

    def view(self, causes: Sequence[str], seed: int) -> RiskView:
        """Mean risks of today's customers, with 90 % intervals over customers."""
        months = tuple(month for month in RISK_MONTHS if self.reaches(month * DAYS_PER_HORIZON_MONTH))
        parts = np.concatenate(
            [with_total(self.within(month * DAYS_PER_HORIZON_MONTH, causes)) for month in months], axis=1
        )

        def means(weights: NDArray[np.float64]) -> NDArray[np.float64]:
            return ratio(weights @ parts, weights.sum(axis=1, keepdims=True))

        estimates = iter(estimate_intervals(means, self.customer_ids, seed=seed))
        by_month = [[next(estimates) for _ in range(len(causes) + 1)] for _ in months]
        *by_cause, whole = ([month[place] for month in by_month] for place in range(len(causes) + 1))
        return RiskView("hazard model", self.model, months, dict(zip(causes, by_cause, strict=True)), whole)


def with_total(parts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Append the sum over causes: (n, causes + 1)."""
    return np.column_stack([parts, parts.sum(axis=1)])


def incidence_view(incidence: dict[str, list[Estimate]], months: Sequence[int]) -> RiskView:
    """The view without a hazard model; the total has no interval of its own."""
    columns = zip(*incidence.values(), strict=True)
    whole = [Estimate(sum(estimate.value for estimate in column)) for column in columns]
    return RiskView("incidence", "", tuple(months), incidence, whole)
