"""The churn scores of a release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.config.training import RiskLevels
from core.model_kinds import CHURN
from core.risk_level import RiskLevel
from core.scores import Reason, Scores
from models.artifact import Artifact
from serving.release.customer_scores import (
    CustomerScores,
    FindReasons,
    read_scores,
    score_arrays,
    score_state,
    sort_scores,
)
from serving.release.lookup import IdIndex, PackedJson

RISK_LEVELS = tuple(RiskLevel)
NAME = CHURN.name
ANSWERS = ("before_reasons", "after_reasons")


@dataclass(frozen=True, kw_only=True)
class ChurnPart(CustomerScores):
    """Churn probabilities with risk levels. Row i of every array, (n,), belongs to the i-th id of the index."""

    risk_level: NDArray[np.uint8]
    "Index into RISK_LEVELS."
    short_history: NDArray[np.bool_]
    "Whether there is too little data on the customer for a score of their own."
    opted_out: IdIndex
    "Customers who do not consent to scoring; none of them is in `index`."
    before_reasons: PackedJson | None = None
    after_reasons: PackedJson | None = None
    "(n,) Each customer as JSON, as POST /v1/churn/score answers, without the reasons. None before they are stored."

    @classmethod
    def of(
        cls,
        scores: Scores,
        reasons: Sequence[tuple[Reason, ...]] | FindReasons,
        *,
        short_history: NDArray[np.bool_],
        risk_levels: RiskLevels,
        opted_out: NDArray[np.str_] | None = None,
    ) -> ChurnPart:
        """Store the scores of one cutoff, one row per customer, without the ids that opted out."""
        fields, order = sort_scores(scores, reasons, opted_out=opted_out)
        return cls(
            **fields,
            risk_level=find_risk_levels(scores.value[order], risk_levels),
            short_history=short_history[order],
            opted_out=IdIndex.of(np.empty(0, dtype="U1") if opted_out is None else opted_out)[0],
        )

    def to_artifacts(self) -> dict[str, Artifact]:
        """The part as one folder of a release."""
        arrays = {
            **score_arrays(self),
            "risk_level": self.risk_level,
            "short_history": self.short_history,
            "opted_out": self.opted_out.ids,
        }
        for name in ANSWERS:
            if (texts := getattr(self, name)) is not None:
                arrays |= {name: texts.content, f"{name}_offsets": texts.offsets}
        return {NAME: Artifact("churn_scores", score_state(self), arrays)}

    @classmethod
    def from_artifacts(cls, artifacts: Mapping[str, Artifact]) -> ChurnPart:
        """The part that was stored."""
        arrays = artifacts[NAME].arrays
        answers: dict[str, Any] = {
            name: PackedJson(arrays[name], arrays[f"{name}_offsets"]) for name in ANSWERS if name in arrays
        }
        return cls(
            **read_scores(artifacts[NAME]),
            risk_level=arrays["risk_level"],
            short_history=arrays["short_history"],
            opted_out=IdIndex(arrays["opted_out"]),
            **answers,
        )

    def has_opted_out(self, customer_id: str) -> bool:
        """Whether a customer does not consent to scoring."""
        return self.opted_out.find(customer_id) >= 0

    def risk_level_of(self, customer_id: str) -> RiskLevel | None:
        """The risk level of one customer; None if they were not scored."""
        row = self.index.find(customer_id)
        return None if row < 0 else RISK_LEVELS[self.risk_level[row]]


def find_risk_levels(probability: NDArray[np.float64], risk_levels: RiskLevels) -> NDArray[np.uint8]:
    """The risk level of each probability, (n,) index into RISK_LEVELS; a limit belongs to the level above it."""
    return np.searchsorted([risk_levels.medium, risk_levels.high], probability, side="right").astype(np.uint8)
