"""DR-learner: a regression of doubly robust pseudo-outcomes (Kennedy 2020), with gradient-boosted trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from models.setting_types import Count, Leaves, NumberOfTrees
from models.uplift.learner import BoostedOutcomes
from models.uplift.meta_learners import DRLearner


@dataclass(eq=False)
class DRBoostedUplift(BoostedOutcomes, DRLearner):
    """DR-learner: a regression of doubly robust pseudo-outcomes (Kennedy 2020)."""

    name: ClassVar[str] = "dr_boosted"

    n_leaves: Leaves = 3
    n_trees: NumberOfTrees = 15
    min_data_in_leaf: Count = 1_000
    "Imputed effects are mostly noise: larger trees fit it."


MODEL = DRBoostedUplift
