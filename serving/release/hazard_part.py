"""Every customer's curve: when they will leave, laid out for look-up."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np

from core.config.training import RiskLevels
from core.risk_curves import RiskCurves
from models.artifact import Artifact
from serving.release.id_index import IdIndex


@dataclass(frozen=True)
class HazardPart:
    """Row i belongs to the i-th id of the index; who refused to be scored is not in it."""

    index: IdIndex
    curves: RiskCurves
    monthly_revenue: np.ndarray
    "(n,) base currency a month; NaN where it is not known."
    risk_levels: RiskLevels

    @classmethod
    def of(
        cls,
        customer_ids: np.ndarray,
        curves: RiskCurves,
        monthly_revenue: np.ndarray,
        risk_levels: RiskLevels,
        refused: np.ndarray | None = None,
    ) -> HazardPart:
        """The curves of one cutoff, each customer once; without who `refused`, ids."""
        willing = np.ones(len(customer_ids), bool) if refused is None else ~np.isin(customer_ids, refused)
        index, order = IdIndex.of(customer_ids[willing])
        rows = np.flatnonzero(willing)[order]
        return cls(index, curves.take(rows), monthly_revenue[rows], risk_levels)

    def to_artifact(self) -> Artifact:
        """The part as it lies in a release."""
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
        return Artifact("hazard_curves", state, arrays)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> HazardPart:
        """The part as it was."""
        arrays, state = artifact.arrays, artifact.state
        curves = RiskCurves(state["period_days"], arrays["risk"], arrays["by_cause"], tuple(state["causes"]))
        risk_levels = msgspec.convert(state["risk_levels"], RiskLevels)
        return cls(IdIndex(arrays["ids"]), curves, arrays["monthly_revenue"], risk_levels)
