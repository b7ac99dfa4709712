"""X-learner: models of imputed effects (Kunzel et al. 2019), with gradient-boosted trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from models.setting_types import Count, Leaves, NumberOfTrees
from models.uplift.learner import BoostedOutcomes
from models.uplift.meta_learners import XLearner


@dataclass(eq=False)
class XBoostedUplift(BoostedOutcomes, XLearner):
    """X-learner: models of imputed effects (Kunzel et al. 2019)."""

    name: ClassVar[str] = "x_boosted"

    n_leaves: Leaves = 3
    n_trees: NumberOfTrees = 15
    min_data_in_leaf: Count = 1_000
    "Imputed effects are mostly noise: larger trees fit it."


MODEL = XBoostedUplift
