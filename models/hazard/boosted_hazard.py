"""Gradient-boosted trees on person-periods: the effect of a feature may change from period to period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from models.churn.additive import AdditiveModel
from models.churn.gradient_boosting import GradientBoosting
from models.hazard.hazard import Hazard
from models.setting_types import Count, Leaves, NumberOfTrees, PositiveShare, Threads


@dataclass(eq=False)
class BoostedHazard(Hazard):
    """Boosted trees that see the number of the period."""

    name: ClassVar[str] = "boosted_hazard"
    periods_are_words: ClassVar[bool] = False

    learning_rate: PositiveShare = 0.05
    n_leaves: Leaves = 8
    n_trees: NumberOfTrees | None = None
    "None: folds over customers choose it, up to `max_trees`."
    max_trees: NumberOfTrees = 300
    min_data_in_leaf: Count = 50
    n_threads: Threads = 1

    def create_period_model(self) -> AdditiveModel:
        """Calibrated trees: few trees predict risks that are too close to the mean, which calibration corrects."""
        return GradientBoosting(
            n_resamples=0,
            seed=self.seed,
            learning_rate=self.learning_rate,
            n_leaves=self.n_leaves,
            n_trees=self.n_trees,
            max_trees=self.max_trees,
            patience=30,
            min_data_in_leaf=self.min_data_in_leaf,
            bagging_fraction=1.0,
            feature_fraction=1.0,
            calibrated=True,
            n_threads=self.n_threads,
        )


MODEL = BoostedHazard
