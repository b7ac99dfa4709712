"""The churn scores of a release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.config.training import RiskLevels
from core.model_kinds import CHURN
from core.scores import Reason, RiskLevel, Scores
from models.artifact import Artifact
from serving.release.lookup import IdIndex, PackedJson

RISK_LEVELS = tuple(RiskLevel)
NAME = CHURN.name


@dataclass(frozen=True, kw_only=True)
class ChurnPart:
    """Row i of every array, (n,), belongs to the i-th id of the index."""

    index: IdIndex
    horizon_days: int
    probability: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    "The 90 % interval; NaN if the model gives none."
    risk_level: NDArray[np.uint8]
    "Index into RISK_LEVELS."
    short_history: NDArray[np.bool_]
    "Whether there is too little data on the customer for a score of their own."
    reasons: PackedJson
    opted_out: IdIndex
    "Customers who do not consent to scoring; none of them is in `index`."
    n_excluded: int
    "Number of customers of the cohort who are not scored because they opted out."

    @classmethod
    def of(
        cls,
        scores: Scores,
        reasons: Sequence[tuple[Reason, ...]],
        *,
        short_history: NDArray[np.bool_],
        risk_levels: RiskLevels,
        opted_out: NDArray[np.str_] | None = None,
    ) -> ChurnPart:
        """Store the scores of one cutoff, one row per customer, without the ids that opted out."""
        index, order = IdIndex.without(scores.customer_ids, opted_out)
        no_bound = np.full(len(scores), np.nan)
        return cls(
            index=index,
            horizon_days=scores.horizon_days,
            probability=scores.value[order],
            low=(no_bound if scores.low is None else scores.low)[order],
            high=(no_bound if scores.high is None else scores.high)[order],
            risk_level=find_risk_levels(scores.value[order], risk_levels),
            short_history=short_history[order],
            reasons=PackedJson.of(reasons[row] for row in order),
            opted_out=IdIndex.of(np.empty(0, dtype="U1") if opted_out is None else opted_out)[0],
            n_excluded=len(scores) - len(index),
        )

    def to_artifacts(self) -> dict[str, Artifact]:
        """The part as one folder of a release."""
        arrays = {
            "ids": self.index.ids,
            "probability": self.probability,
            "low": self.low,
            "high": self.high,
            "risk_level": self.risk_level,
            "short_history": self.short_history,
            "reasons": self.reasons.content,
            "reason_offsets": self.reasons.offsets,
            "opted_out": self.opted_out.ids,
        }
        state = {"horizon_days": self.horizon_days, "n_excluded": self.n_excluded}
        return {NAME: Artifact("churn_scores", state, arrays)}

    @classmethod
    def from_artifacts(cls, artifacts: Mapping[str, Artifact]) -> ChurnPart:
        """The part that was stored."""
        arrays, state = artifacts[NAME].arrays, artifacts[NAME].state
        return cls(
            index=IdIndex(arrays["ids"]),
            horizon_days=state["horizon_days"],
            probability=arrays["probability"],
            low=arrays["low"],
            high=arrays["high"],
            risk_level=arrays["risk_level"],
            short_history=arrays["short_history"],
            reasons=PackedJson(arrays["reasons"], arrays["reason_offsets"]),
            opted_out=IdIndex(arrays["opted_out"]),
            n_excluded=state["n_excluded"],
        )

    def has_opted_out(self, customer_id: str) -> bool:
        """Whether a customer does not consent to scoring."""
        return self.opted_out.find(customer_id) >= 0

    def probability_of(self, customer_id: str) -> float | None:
        """The churn probability of one customer; None if they were not scored."""
        row = self.index.find(customer_id)
        return None if row < 0 else float(self.probability[row])

    def risk_level_of(self, customer_id: str) -> RiskLevel | None:
        """The risk level of one customer; None if they were not scored."""
        row = self.index.find(customer_id)
        return None if row < 0 else RISK_LEVELS[self.risk_level[row]]


def find_risk_levels(probability: NDArray[np.float64], risk_levels: RiskLevels) -> NDArray[np.uint8]:
    """The risk level of each probability, (n,) index into RISK_LEVELS; a limit belongs to the level above it."""
    return np.searchsorted([risk_levels.medium, risk_levels.high], probability, side="right").astype(np.uint8)
