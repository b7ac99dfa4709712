"""Probabilities of one outcome for every customer, with intervals and reasons: churn, or a predicted event."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.scores import Reason, Scores
from models.artifact import Artifact
from serving.release.lookup import IdIndex, PackedJson

REASONS_AT_ONCE = 50_000
FindReasons = Callable[[NDArray[np.int64]], Sequence[tuple[Reason, ...]]]
"""The reasons of the scores in some rows. They are asked for `REASONS_AT_ONCE` rows at a time: those of ten million
customers would take more memory than everything else."""


@dataclass(frozen=True, kw_only=True)
class CustomerScores:
    """Row i of every array, (n,), belongs to the i-th id of the index."""

    index: IdIndex
    horizon_days: int
    probability: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    "The 90 % interval; NaN if the model gives none."
    reasons: PackedJson
    n_excluded: int
    "Number of customers of the cohort who are not scored because they opted out."

    def probability_of(self, customer_id: str) -> float | None:
        """The probability for one customer; None if they were not scored."""
        row = self.index.find(customer_id)
        return None if row < 0 else float(self.probability[row])

    def interval_of(self, row: int) -> tuple[float | None, float | None]:
        """The bounds of the customer in a row; None if the model gives none."""
        low, high = float(self.low[row]), float(self.high[row])
        return (None, None) if math.isnan(low) else (low, high)


def sort_scores(
    scores: Scores, reasons: Sequence[tuple[Reason, ...]] | FindReasons, *, opted_out: NDArray[np.str_] | None
) -> tuple[dict[str, Any], NDArray[np.int64]]:
    """The fields of `CustomerScores` for the scores of one cutoff, without the ids that opted out, and their order."""
    index, order = IdIndex.without(scores.customer_ids, opted_out)
    no_bound = np.full(len(scores), np.nan)
    fields = {
        "index": index,
        "horizon_days": scores.horizon_days,
        "probability": scores.value[order],
        "low": (no_bound if scores.low is None else scores.low)[order],
        "high": (no_bound if scores.high is None else scores.high)[order],
        "reasons": PackedJson.of(_in_order(reasons, order)),
        "n_excluded": len(scores) - len(index),
    }
    return fields, order


def _in_order(
    reasons: Sequence[tuple[Reason, ...]] | FindReasons, order: NDArray[np.int64]
) -> Iterator[tuple[Reason, ...]]:
    if not callable(reasons):
        yield from (reasons[row] for row in order)
        return
    for start in range(0, len(order), REASONS_AT_ONCE):
        yield from reasons(order[start : start + REASONS_AT_ONCE])


def score_arrays(scores: CustomerScores) -> dict[str, NDArray[Any]]:
    """The scores as arrays of a folder of a release."""
    return {
        "ids": scores.index.ids,
        "probability": scores.probability,
        "low": scores.low,
        "high": scores.high,
        "reasons": scores.reasons.content,
        "reason_offsets": scores.reasons.offsets,
    }


def score_state(scores: CustomerScores) -> dict[str, Any]:
    """What else is stored of the scores."""
    return {"horizon_days": scores.horizon_days, "n_excluded": scores.n_excluded}


def read_scores(artifact: Artifact) -> dict[str, Any]:
    """The fields of `CustomerScores` in a folder of a release."""
    arrays, state = artifact.arrays, artifact.state
    return {
        "index": IdIndex(arrays["ids"]),
        "horizon_days": state["horizon_days"],
        "probability": arrays["probability"],
        "low": arrays["low"],
        "high": arrays["high"],
        "reasons": PackedJson(arrays["reasons"], arrays["reason_offsets"]),
        "n_excluded": state["n_excluded"],
    }
