"""The survival curves of a release: when each customer is expected to churn."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.config.training import RiskLevels
from core.model_kinds import HAZARD
from core.risk_curves import RiskCurves
from models.artifact import Artifact
from serving.release.lookup import IdIndex

NAME = HAZARD.name


class CustomerCurve(msgspec.Struct, frozen=True, kw_only=True):
    """When one customer will churn; lists have a value for each of `days`."""

    days: list[int]
    "Days after the cutoff: the ends of the periods."
    churn_probability: list[float]
    "Cumulative churn probability by then; it never decreases."
    by_cause: dict[str, list[float]] | None
    "Cumulative incidence of each cause; they add up to `churn_probability`. Null if no causes were learned."
    expected_months: float
    "Expected remaining months, at most 120. Beyond the curve, churn continues at the rate of its last periods."
    months_within: float
    "The part of the expected months that lies within the curve."
    expected_revenue: float | None
    "Expected months times the current monthly revenue, base currency; null if that is unknown."


@dataclass(frozen=True)
class HazardPart:
    """Row i belongs to the i-th id of the index. Customers who opted out of scoring are not in it."""

    index: IdIndex
    curves: RiskCurves
    monthly_revenue: NDArray[np.float64]
    "(n,) base currency per month; NaN if unknown."
    risk_levels: RiskLevels

    @classmethod
    def of(
        cls,
        customer_ids: NDArray[np.str_],
        curves: RiskCurves,
        *,
        monthly_revenue: NDArray[np.float64],
        risk_levels: RiskLevels,
        opted_out: NDArray[np.str_] | None = None,
    ) -> HazardPart:
        """Store the curves of one cutoff, one row per customer, without the ids that opted out."""
        index, rows = IdIndex.without(customer_ids, opted_out)
        return cls(index, curves.take(rows), monthly_revenue[rows], risk_levels)

    def to_artifacts(self) -> dict[str, Artifact]:
        """The part as one folder of a release."""
        state = {
            "period_days": self.curves.period_days,
            "causes": list(self.curves.causes),
            "risk_levels": msgspec.to_builtins(self.risk_levels),
        }
        arrays = {
            "ids": self.index.ids,
            "risk": self.curves.risk,
            "by_cause": self.curves.by_cause,
            "monthly_revenue": self.monthly_revenue,
        }
        return {NAME: Artifact("hazard_curves", state, arrays)}

    @classmethod
    def from_artifacts(cls, artifacts: Mapping[str, Artifact]) -> HazardPart:
        """The part that was stored."""
        arrays, state = artifacts[NAME].arrays, artifacts[NAME].state
        curves = RiskCurves(
            period_days=state["period_days"],
            risk=arrays["risk"],
            by_cause=arrays["by_cause"],
            causes=tuple(state["causes"]),
        )
        risk_levels = msgspec.convert(state["risk_levels"], RiskLevels)
        return cls(IdIndex(arrays["ids"]), curves, arrays["monthly_revenue"], risk_levels)

    def curve_of(self, customer_id: str) -> CustomerCurve | None:
        """The curve of one customer; None if there is none."""
        row = self.index.find(customer_id)
        if row < 0:
            return None
        curve = self.curves.take(slice(row, row + 1))
        expected_months, revenue = float(curve.months_expected[0]), float(self.monthly_revenue[row])
        by_cause = {cause: curve.by_cause[0, :, place].tolist() for place, cause in enumerate(curve.causes)}
        return CustomerCurve(
            days=curve.days.tolist(),
            churn_probability=curve.risk[0].tolist(),
            by_cause=by_cause or None,
            expected_months=expected_months,
            months_within=float(curve.months_within[0]),
            expected_revenue=None if math.isnan(revenue) else expected_months * revenue,
        )

    def remaining_months_of(self, customer_id: str) -> float | None:
        """How many more months a customer is expected to stay; None if there is no curve."""
        row = self.index.find(customer_id)
        return None if row < 0 else float(self.curves.take(slice(row, row + 1)).months_expected[0])
