"""The probabilities of events in a release, as `[predict.<event>]` declares them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.model_kinds import PREDICT
from core.scores import Reason, Scores
from models.artifact import Artifact
from serving.release.lookup import IdIndex, PackedJson

NAME = PREDICT.name


@dataclass(frozen=True, kw_only=True)
class EventScores:
    """How likely one event is. Row i of every array, (n,), belongs to the i-th id of the index."""

    index: IdIndex
    horizon_days: int
    definition: str
    "The event in words."
    probability: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    "The 90 % interval; NaN if the model gives none."
    reasons: PackedJson
    n_excluded: int
    "Number of customers who are not scored because they opted out."

    @classmethod
    def of(
        cls, scores: Scores, reasons: Sequence[tuple[Reason, ...]], *, definition: str, opted_out: NDArray[np.str_]
    ) -> EventScores:
        """Store the scores of one cutoff, one row per customer, without the ids that opted out."""
        index, order = IdIndex.without(scores.customer_ids, opted_out)
        no_bound = np.full(len(scores), np.nan)
        return cls(
            index=index,
            horizon_days=scores.horizon_days,
            definition=definition,
            probability=scores.value[order],
            low=(no_bound if scores.low is None else scores.low)[order],
            high=(no_bound if scores.high is None else scores.high)[order],
            reasons=PackedJson.of(reasons[row] for row in order),
            n_excluded=len(scores) - len(index),
        )

    def probability_of(self, customer_id: str) -> float | None:
        """The probability for one customer; None if they were not scored."""
        row = self.index.find(customer_id)
        return None if row < 0 else float(self.probability[row])


@dataclass(frozen=True, kw_only=True)
class PredictPart:
    """The scores of each event by its name."""

    events: Mapping[str, EventScores]
    opted_out: IdIndex
    "Customers who do not consent to scoring; no event has a score for them."

    def to_artifacts(self) -> dict[str, Artifact]:
        """The part as a folder with the names, and one for each event."""
        names = Artifact("events", {"events": list(self.events)}, {"opted_out": self.opted_out.ids})
        return {NAME: names, **{_folder(event): _to_artifact(scores) for event, scores in self.events.items()}}

    @classmethod
    def from_artifacts(cls, artifacts: Mapping[str, Artifact]) -> PredictPart:
        """The part that was stored."""
        names = artifacts[NAME]
        events = {event: _from_artifact(artifacts[_folder(event)]) for event in names.state["events"]}
        return cls(events=events, opted_out=IdIndex(names.arrays["opted_out"]))

    def has_opted_out(self, customer_id: str) -> bool:
        """Whether a customer does not consent to scoring."""
        return self.opted_out.find(customer_id) >= 0

    def probabilities_of(self, customer_id: str) -> dict[str, float]:
        """The probability of each event for which the customer has a score."""
        probabilities = {event: scores.probability_of(customer_id) for event, scores in self.events.items()}
        return {event: probability for event, probability in probabilities.items() if probability is not None}


def _folder(event: str) -> str:
    return f"{NAME}_{event}"


def _to_artifact(scores: EventScores) -> Artifact:
    arrays = {
        "ids": scores.index.ids,
        "probability": scores.probability,
        "low": scores.low,
        "high": scores.high,
        "reasons": scores.reasons.content,
        "reason_offsets": scores.reasons.offsets,
    }
    state = {
        "horizon_days": scores.horizon_days,
        "definition": scores.definition,
        "n_excluded": scores.n_excluded,
    }
    return Artifact("event_scores", state, arrays)


def _from_artifact(artifact: Artifact) -> EventScores:
    arrays, state = artifact.arrays, artifact.state
    return EventScores(
        index=IdIndex(arrays["ids"]),
        horizon_days=state["horizon_days"],
        definition=state["definition"],
        probability=arrays["probability"],
        low=arrays["low"],
        high=arrays["high"],
        reasons=PackedJson(arrays["reasons"], arrays["reason_offsets"]),
        n_excluded=state["n_excluded"],
    )
