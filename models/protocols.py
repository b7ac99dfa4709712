"""What every model of a shelf promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Protocol, Self

import numpy as np

from core.feature_table import FeatureColumn, FeatureTable
from core.interactions import Histories, Interactions
from core.labels import Labels
from core.offers import Decision, Offer
from core.recommendations import Recommendations
from core.scores import Reason, Scores
from models.artifact import Artifact

Settings = dict[str, str | int | float | bool | None]


class ChurnModel(Protocol):
    """Says how likely each customer is to leave within a horizon."""

    name: ClassVar[str]

    columns_: tuple[FeatureColumn, ...]
    "What it learnt from, in its own order; set by fit."

    @property
    def settings(self) -> Settings:
        """The recipe: `type(model)(**settings)` is the same model, not yet fitted."""
        ...

    def fit(self, features: FeatureTable, outcomes: Labels) -> Self:
        """Learn from mature rows, aligned one to one; the horizon is the outcomes'.

        Raises NotEnoughHistory where there is nothing to learn from (no row, or one class where two are needed).
        """
        ...

    def score(self, features: FeatureTable, horizon_days: int) -> Scores:
        """P(churn) of each row. Columns are found by name, in any order.

        Raises BadInput for a horizon it was not fitted for, DataError for a missing column.
        """
        ...

    def importance(self, features: FeatureTable) -> dict[str, float]:
        """Mean size of each feature's contribution to these rows, in log-odds, largest first."""
        ...

    def reasons(self, features: FeatureTable, k: int = 3) -> list[tuple[Reason, ...]]:
        """At most k reasons a row, strongest first; none where the model has none to give."""
        ...

    def to_artifact(self) -> Artifact:
        """The fitted model as JSON, text and arrays."""
        ...

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The model that gives the same scores as the one it was taken from."""
        ...


@dataclass(frozen=True)
class Exclusions:
    """What must not be recommended; enforced exactly, whatever the model."""

    items: np.ndarray | None = None
    "int32 codes that nobody is shown: unavailable ones."
    per_customer: Sequence[Sequence[str]] | None = None
    "Item ids by customer, aligned with the histories."
    seen: bool = False
    "Whether items of the history itself are excluded (no repeat purchases)."
    not_due: bool = False
    "Whether items of the history are excluded until it is time to buy them again (models/recommenders/replenishment)."


class Recommender(Protocol):
    """Ranks items for a history, so that an unknown customer, or one who bought a second ago, gets an answer."""

    name: ClassVar[str]

    @property
    def settings(self) -> Settings:
        """The recipe: `type(model)(**settings)` is the same model, not yet fitted."""
        ...

    item_ids: np.ndarray
    "(m,) text 'U', sorted: what can be recommended; set by fit."

    def fit(self, interactions: Interactions, cutoff: date | None = None) -> Self:
        """Learn from what was bought before the cutoff (default: the day after the last line)."""
        ...

    def recommend(
        self, histories: Histories, k: int, cutoff: date | None = None, exclusions: Exclusions | None = None
    ) -> Recommendations:
        """The k best items of each history at the cutoff; never an excluded one, never an item twice.

        A history that the model knows nothing about is answered by popularity, and says so by its stage.
        """
        ...

    def similar(self, item_id: str, k: int) -> list[tuple[str, float]]:
        """The k items most like this one, best first, with a score; empty where the item is unknown."""
        ...

    def to_artifact(self) -> Artifact:
        """The fitted model as JSON, text and arrays."""
        ...

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The model that gives the same answers as the one it was taken from."""
        ...


@dataclass(frozen=True)
class Situation:
    """One customer at the moment of a decision: what rules may speak of and values are computed from."""

    customer_id: str
    now: datetime
    "Local time."
    churn_probability: float | None
    facts: Mapping[str, float | str | None]
    "Features and attributes by name."
    channel: str | None = None


class Policy(Protocol):
    """Decides which offer a customer gets, or none."""

    name: ClassVar[str]

    def decide(self, situations: Sequence[Situation], offers: Sequence[Offer]) -> list[Decision]:
        """One decision a situation; only eligible offers, at most one a customer, capacity kept."""
        ...
