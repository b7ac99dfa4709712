"""What a release learns beside the champion: where newcomers start from, what is bought together, what is rising."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.artifact import Artifact
from models.recommenders.cold_start.customers import StartingPoints
from models.recommenders.engine.base import StartingPoint
from models.recommenders.item_lists.bought_together import BoughtTogether
from serving.release.customer_part import Words
from serving.release.trend_part import TrendPart


@dataclass(frozen=True)
class ContextModels:
    """All in the codes of the model's catalogue."""

    starting_points: StartingPoints
    "Where those start from who bought nothing yet."
    together: BoughtTogether
    trend: TrendPart

    def artifacts(self) -> dict[str, Artifact]:
        """The parts as they lie in a release."""
        return {
            "starting_points": self.starting_points.to_artifact(),
            "bought_together": self.together.to_artifact(),
            "trend": self.trend.to_artifact(),
        }

    @classmethod
    def from_artifacts(cls, parts: Mapping[str, Artifact]) -> ContextModels:
        """The parts as they were."""
        return cls(
            StartingPoints.from_artifact(parts["starting_points"]),
            BoughtTogether.from_artifact(parts["bought_together"]),
            TrendPart.from_artifact(parts["trend"]),
        )

    def start_of(self, words: Words) -> StartingPoint | None:
        """Where somebody starts from of whom these words are known; None where they say nothing about items."""
        if not words.preferences and not words.segments:
            return None
        scores, stage = self.starting_points.scores_for(words.preferences, words.segments)
        return (scores, stage) if scores.any() else None
