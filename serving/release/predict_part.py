"""The probabilities of events in a release, as `[predict.<event>]` declares them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.model_kinds import PREDICT
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
from serving.release.lookup import IdIndex

NAME = PREDICT.name


@dataclass(frozen=True, kw_only=True)
class EventScores(CustomerScores):
    """How likely one event is. Row i of every array, (n,), belongs to the i-th id of the index."""

    definition: str
    "The event in words."

    @classmethod
    def of(
        cls,
        scores: Scores,
        reasons: Sequence[tuple[Reason, ...]] | FindReasons,
        *,
        definition: str,
        opted_out: NDArray[np.str_],
    ) -> EventScores:
        """Store the scores of one cutoff, one row per customer, without the ids that opted out."""
        fields, _ = sort_scores(scores, reasons, opted_out=opted_out)
        return cls(**fields, definition=definition)

    def to_artifact(self) -> Artifact:
        """The scores as a folder of a release."""
        return Artifact("event_scores", {**score_state(self), "definition": self.definition}, score_arrays(self))

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> EventScores:
        """The scores that were stored."""
        return cls(**read_scores(artifact), definition=artifact.state["definition"])


@dataclass(frozen=True, kw_only=True)
class PredictPart:
    """The scores of each event by its name."""

    events: Mapping[str, EventScores]
    opted_out: IdIndex
    "Customers who do not consent to scoring; no event has a score for them."

    def to_artifacts(self) -> dict[str, Artifact]:
        """The part as a folder with the names, and one for each event."""
        names = Artifact("events", {"events": list(self.events)}, {"opted_out": self.opted_out.ids})
        return {NAME: names, **{_folder(event): scores.to_artifact() for event, scores in self.events.items()}}

    @classmethod
    def from_artifacts(cls, artifacts: Mapping[str, Artifact]) -> PredictPart:
        """The part that was stored."""
        names = artifacts[NAME]
        events = {event: EventScores.from_artifact(artifacts[_folder(event)]) for event in names.state["events"]}
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
