"""What is on the rise, as it is released: only what rises, the steepest first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.artifact import Artifact
from models.recommenders.item_lists.trending import Trend

ARRAYS = ("items", "scores", "counts", "counts_before")


@dataclass(frozen=True)
class TrendPart:
    """Every array is (r,), a row a rising item."""

    window_days: int
    items: np.ndarray
    "int32 codes."
    scores: np.ndarray
    "float32: doublings of decayed purchases against the window before."
    counts: np.ndarray
    "int64: purchases in the window."
    counts_before: np.ndarray

    @classmethod
    def of(cls, trend: Trend, window_days: int) -> TrendPart:
        """What rises, the steepest first, equal ones by code."""
        rising = np.flatnonzero(trend.scores > 0)
        order = rising[np.argsort(-trend.scores[rising], kind="stable")]
        return cls(
            window_days, order.astype(np.int32), trend.scores[order], trend.counts[order], trend.counts_before[order]
        )

    def to_artifact(self) -> Artifact:
        """The part as it lies in a release."""
        return Artifact("trend", {"window_days": self.window_days}, {name: getattr(self, name) for name in ARRAYS})

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> TrendPart:
        """The part as it was."""
        return cls(artifact.state["window_days"], *(artifact.arrays[name] for name in ARRAYS))
