"""The experiment of a release: a second recommender, which answers a share of the customers.

experiment/                   name and share
challenger_recommender/, challenger_recommender_model/, ...    as those of the champion
customers/, items/, cold_start_customers/, bought_together/, trend/    of both, where they have the same items
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.recommender_experiment import Arm, are_challenged, arm_of
from models.artifact import Artifact
from serving.release.recommender_part import RecommenderPart

NAME = "experiment"
PREFIX = f"{Arm.CHALLENGER}_"
SHARED = ("customers", "items", "cold_start_customers", "bought_together", "trend")
"Folders that say the same for two recommenders with the same items."


@dataclass(frozen=True, kw_only=True)
class ExperimentPart:
    """Which customers the challenger answers, and from what."""

    name: str
    share: float
    "Of the customers, whom the challenger answers."
    challenger: RecommenderPart
    has_same_items: bool
    "Whether the challenger has exactly the items of the champion, so that both read the same folders."

    def arm_of(self, customer_id: str) -> Arm:
        """The recommender that answers a customer."""
        return arm_of(customer_id, experiment=self.name, share=self.share)

    def are_challenged(self, customer_ids: Sequence[str]) -> NDArray[np.bool_]:
        """Whether the challenger answers each customer, (n,)."""
        return are_challenged(customer_ids, experiment=self.name, share=self.share)

    def to_artifacts(self) -> dict[str, Artifact]:
        """The part as folders of a release."""
        state = {"name": self.name, "share": self.share, "has_same_items": self.has_same_items}
        written = self.challenger.to_artifacts()
        own = [name for name in written if not (self.has_same_items and name in SHARED)]
        return {NAME: Artifact(NAME, state, {}), **{f"{PREFIX}{name}": written[name] for name in own}}

    @classmethod
    def from_artifacts(cls, artifacts: Mapping[str, Artifact]) -> ExperimentPart:
        """The part that was stored."""
        shared = {name: artifacts[name] for name in SHARED if name in artifacts}
        own = {name.removeprefix(PREFIX): one for name, one in artifacts.items() if name.startswith(PREFIX)}
        challenger = RecommenderPart.from_artifacts(shared | own)
        return cls(challenger=replace(challenger, arm=Arm.CHALLENGER), **artifacts[NAME].state)
