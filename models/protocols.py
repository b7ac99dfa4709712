"""The methods and attributes that callers use of each kind of model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol, Self, TypeGuard

import numpy as np
from numpy.typing import NDArray

from core.feature_table import FeatureColumn, FeatureTable
from core.labels import Labels
from core.model_kinds import Capability
from core.scores import Reason, Scores
from models.artifact import Artifact

Settings = dict[str, str | int | float | bool | None]


class ChurnModel(Protocol):
    """Predicts the churn probability of each customer within a horizon."""

    name: ClassVar[str]
    "Its name in the catalogue, which is also the name of its file."
    capabilities: ClassVar[frozenset[Capability]]
    "What it can do beyond this protocol."

    columns_: tuple[FeatureColumn, ...]
    "The features it was fitted on, in its own order; set by fit."
    horizon_days_: int
    "The horizon of its scores; set by fit."

    @property
    def settings(self) -> Settings:
        """The recipe: `type(model)(**settings)` is the same model, not yet fitted."""
        ...

    def fit(self, features: FeatureTable, outcomes: Labels) -> Self:
        """Fit on mature rows, aligned one to one; the horizon is that of the outcomes.

        Raises NotEnoughHistory where there are no rows, or one class where two are needed.
        """
        ...

    def score(self, features: FeatureTable, horizon_days: int) -> Scores:
        """P(churn) of each row. Columns are found by name, in any order.

        Raises BadInput for a horizon it was not fitted for, DataError for a missing column.
        """
        ...

    def importance(self, features: FeatureTable) -> dict[str, float]:
        """Mean absolute contribution of each feature to these rows, in log-odds, largest first."""
        ...

    def reasons(self, features: FeatureTable, k: int = 3) -> list[tuple[Reason, ...]]:
        """At most k reasons per row, strongest first; empty where the model uses no feature."""
        ...

    def update_texts(self, columns: Sequence[FeatureColumn]) -> None:
        """Take the texts of these columns for its reasons; columns of other names change nothing."""
        ...

    def to_artifact(self) -> Artifact:
        """The fitted model as JSON, text and arrays."""
        ...

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The model that gives the same scores as the one that was stored."""
        ...


class AdditiveChurnModel(ChurnModel, Protocol):
    """A churn model with `Capability.ADDITIVE_LOG_ODDS`, as health scores and churn causes need it."""

    def contributions(self, features: FeatureTable) -> NDArray[np.float64]:
        """What each of `columns_` adds to the calibrated log-odds, and last the bias, (n, m + 1); rows sum to them."""
        ...


def is_additive(model: ChurnModel) -> TypeGuard[AdditiveChurnModel]:
    """Whether a churn model declares that its log-odds add up over features."""
    return Capability.ADDITIVE_LOG_ODDS in model.capabilities
