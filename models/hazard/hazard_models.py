"""The hazard models, simplest first: one that knows nothing of the customer, the bar, and boosted trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.catalogue import Catalogue
from core.feature_table import FeatureColumn
from models.churn.additive import AdditiveModel
from models.churn.gradient_boosting import GradientBoosting
from models.churn.logistic import Logistic
from models.hazard.hazard import Hazard
from models.hazard.life_table import LifeTable

MOST_A_DEPARTURE = 2.0
"""The penalty of a logistic hazard per departure, at most: a feature that stands alone keeps a third of its weight,
for each departure tells about as much of a weight as a penalty of one takes away."""


@dataclass(eq=False)
class KaplanMeierHazard(Hazard):
    """The same curve for everybody: what any model must beat to have learnt who leaves when."""

    name: ClassVar[str] = "kaplan_meier"

    def make_part(self) -> AdditiveModel:
        """Counts by period."""
        return LifeTable(n_resamples=0)

    def choose_columns(self, columns: tuple[FeatureColumn, ...]) -> tuple[FeatureColumn, ...]:
        """None: it looks at nothing."""
        return ()


@dataclass(eq=False)
class LogisticHazard(Hazard):
    """A logistic regression on person-periods: a feature pulls alike in every period."""

    name: ClassVar[str] = "logistic_hazard"

    regularization: float | None = 30.0
    """As of `Logistic`, for each column that it learns from, so that many weak ones together say no more than a few.

    More than there, for a customer stands in the rows of many cutoffs and periods, and what told who left in past
    years tells less of the next one. None: folds choose it.
    """

    def make_part(self) -> AdditiveModel:
        """A logistic regression with a weight for each period."""
        strength = self.regularization
        if strength is not None:
            most = max(MOST_A_DEPARTURE * self.n_departures_, 1.0)
            strength = min(strength * max(len(self.columns_), 1), most)
        return Logistic(n_resamples=0, seed=self.seed, regularization=strength)


@dataclass(eq=False)
class BoostedHazard(Hazard):
    """Boosted trees on person-periods: what a feature says may fade or grow as the periods go by."""

    name: ClassVar[str] = "boosted_hazard"
    period_in_words: ClassVar[bool] = False

    learning_rate: float = 0.05
    n_leaves: int = 8
    n_trees: int | None = None
    "None: folds over customers choose it, up to `most_trees`."
    most_trees: int = 300
    least_rows_in_leaf: int = 50
    n_threads: int = 1

    def make_part(self) -> AdditiveModel:
        """Trees that see the number of the period; few trees say too little, which calibration makes good."""
        return GradientBoosting(
            n_resamples=0,
            seed=self.seed,
            learning_rate=self.learning_rate,
            n_leaves=self.n_leaves,
            n_trees=self.n_trees,
            most_trees=self.most_trees,
            patience=30,
            least_rows_in_leaf=self.least_rows_in_leaf,
            row_share=1.0,
            feature_share=1.0,
            calibrated=True,
            n_threads=self.n_threads,
        )


HAZARD_MODELS: Catalogue[type[Hazard]] = Catalogue(
    "models.hazard.hazard_models", {kind.name: kind for kind in (KaplanMeierHazard, LogisticHazard, BoostedHazard)}
)
