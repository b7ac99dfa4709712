"""Every customer's churn score, laid out for look-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.config.training import RiskLevels
from core.scores import Reason, RiskLevel, Scores
from models.artifact import Artifact
from serving.release.id_index import IdIndex
from serving.release.packed import PackedJson

RISK_LEVELS = tuple(RiskLevel)


@dataclass(frozen=True)
class ChurnPart:
    """Row i belongs to the i-th id of the index; every array is (n,)."""

    index: IdIndex
    horizon_days: int
    probability: np.ndarray
    low: np.ndarray
    high: np.ndarray
    "NaN where the model gives no interval."
    risk_level: np.ndarray
    "uint8 index into TIERS."
    short_history: np.ndarray
    "bool: too little is known of this customer for the score to be their own."
    reasons: PackedJson
    refused: IdIndex
    "Who refused to be scored; none of them is in `index`."
    n_left_out: int
    "How many of these would have been scored."

    @classmethod
    def of(
        cls,
        scores: Scores,
        reasons: Sequence[tuple[Reason, ...]],
        short_history: np.ndarray,
        risk_levels: RiskLevels,
        refused: np.ndarray | None = None,
    ) -> ChurnPart:
        """The scores of one cutoff, each customer once, with what is said beside them; without who `refused`, ids."""
        unwilling, _ = IdIndex.of(np.empty(0, dtype="U1") if refused is None else refused)
        index, order = IdIndex.of(scores.customer_ids)
        willing = ~np.isin(index.ids, unwilling.ids)
        index, order = IdIndex(index.ids[willing]), order[willing]
        unknown = np.full(len(scores), np.nan)
        return cls(
            index,
            scores.horizon_days,
            scores.value[order],
            (unknown if scores.low is None else scores.low)[order],
            (unknown if scores.high is None else scores.high)[order],
            risk_levels_of(scores.value[order], risk_levels),
            short_history[order],
            PackedJson.of(reasons[row] for row in order),
            unwilling,
            int((~willing).sum()),
        )

    def to_artifact(self) -> Artifact:
        """The part as it lies in a release."""
        arrays = {
            "ids": self.index.ids,
            "probability": self.probability,
            "low": self.low,
            "high": self.high,
            "risk_level": self.risk_level,
            "short_history": self.short_history,
            "reasons": self.reasons.content,
            "reason_offsets": self.reasons.offsets,
            "refused": self.refused.ids,
        }
        state = {"horizon_days": self.horizon_days, "n_left_out": self.n_left_out}
        return Artifact("churn_scores", state, arrays)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> ChurnPart:
        """The part as it was."""
        arrays = artifact.arrays
        return cls(
            IdIndex(arrays["ids"]),
            artifact.state["horizon_days"],
            arrays["probability"],
            arrays["low"],
            arrays["high"],
            arrays["risk_level"],
            arrays["short_history"],
            PackedJson(arrays["reasons"], arrays["reason_offsets"]),
            IdIndex(arrays["refused"]),
            artifact.state["n_left_out"],
        )

    def has_refused(self, customer_id: str) -> bool:
        """Whether a customer said that they are not to be scored."""
        return self.refused.find(customer_id) >= 0

    def probability_of(self, customer_id: str) -> float | None:
        """P(churn) of one customer; None where they were not scored."""
        row = self.index.find(customer_id)
        return None if row < 0 else float(self.probability[row])


def risk_levels_of(probability: np.ndarray, risk_levels: RiskLevels) -> np.ndarray:
    """How urgent each probability is, (n,) uint8 index into TIERS; a limit belongs to the tier above it."""
    return np.searchsorted([risk_levels.medium, risk_levels.high], probability, side="right").astype(np.uint8)
