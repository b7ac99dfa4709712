"""The base of uplift learners: what one treatment changes for each customer, against no treatment.

    effect(x)  = E[outcome with treatment | x] - E[outcome without | x]
    without(x) = E[outcome without | x]

It is learned from customers who were treated, or not, by chance. A learner in this folder says which outcome models
it fits on them, and how effects follow.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from core.catalogue import Catalogue
from core.experiments import RandomisedRows
from core.feature_table import FeatureColumn
from models.artifact import Artifact
from models.protocols import Settings
from models.setting_types import Count, Leaves, NotNegative, NumberOfTrees, Positive, PositiveShare, Seed
from models.shared_fits import fit_once
from models.uplift.outcome_models import (
    BoostedOutcome,
    ConstantOutcome,
    LinearOutcome,
    OutcomeModel,
    OutcomeRows,
    load_outcome_model,
    pack,
    unpack,
)

MIN_LEAVES = 20
"That the rows of a fit would fill with the largest `min_data_in_leaf`."


class TargetingRule(StrEnum):
    """Whom to contact first, simplest rule first."""

    ALIKE = "alike"
    "No evidence that the effect differs: contact all customers or none."
    RESPONSE = "response"
    "Those who are likeliest to have the outcome when contacted."
    RISK = "risk"
    "Those who are least likely to have the outcome by themselves."
    UPLIFT = "uplift"
    "Those whom the contact changes most."
    UPLIFT_VALUE = "uplift times value"
    "Those whom the contact changes most, times what the outcome of each is worth."


class PredictedEffect(NamedTuple):
    """Of rows of customers."""

    effect: NDArray[np.float64]
    "(n,)."
    without: NDArray[np.float64]
    "(n,) the expected outcome without treatment."


@dataclass(frozen=True)
class TreatmentRows:
    """One treatment against no treatment, with the features of each customer."""

    values: NDArray[np.float64]
    "(n, m) NaN is missing."
    columns: tuple[FeatureColumn, ...]
    randomised: RandomisedRows
    weights: NDArray[np.float64]
    "(n,) how much each row counts."

    def take(self, rows: NDArray[np.bool_]) -> TreatmentRows:
        """The rows that a mask selects."""
        return replace(
            self, values=self.values[rows], randomised=self.randomised.take(rows), weights=self.weights[rows]
        )

    def arm(self, *, treated: bool) -> OutcomeRows:
        """The outcomes of one of the groups."""
        rows = self.randomised.treated == treated
        return self.outcome_rows.take(rows)

    @property
    def outcome_rows(self) -> OutcomeRows:
        """The outcomes of both groups."""
        return OutcomeRows(self.values, self.randomised.outcomes, self.weights, self.columns, self.randomised.is_binary)

    def mean_outcome(self, *, treated: bool) -> float:
        """The mean outcome of one of the groups, weighted to stand for all customers."""
        rows = self.randomised.treated == treated
        weights = (self.weights * self.randomised.arm_weights)[rows]
        return float(np.average(self.randomised.outcomes[rows], weights=weights)) if weights.any() else float("nan")

    @property
    def average_effect(self) -> float:
        """The mean outcome with treatment minus the one without."""
        return self.mean_outcome(treated=True) - self.mean_outcome(treated=False)


@dataclass(eq=False)
class UpliftLearner(ABC):
    """Estimates the effect of one treatment."""

    name: ClassVar[str]
    rule: ClassVar[TargetingRule]
    "The rule for targeting that a ranking by its effects follows."
    fitted_numbers: ClassVar[tuple[str, ...]] = ()
    "Names of the attributes that are fitted beside the outcome models."

    seed: Seed = 0

    models_: tuple[OutcomeModel, ...] = field(init=False, repr=False, default=())

    @abstractmethod
    def fit_models(self, rows: TreatmentRows) -> tuple[OutcomeModel, ...]:
        """Fit the outcome models."""

    @abstractmethod
    def predict(self, values: NDArray[np.float64]) -> PredictedEffect:
        """The effect on each row, (n, m) in the order of the columns it was fitted on."""

    @abstractmethod
    def fit_outcome(self, rows: OutcomeRows) -> OutcomeModel:
        """Fit one outcome model of its base."""

    @property
    def settings(self) -> Settings:
        """The recipe: `type(learner)(**settings)` is the same learner, not yet fitted."""
        return {setting.name: getattr(self, setting.name) for setting in fields(self) if setting.init}

    def copy(self) -> Self:
        """The same recipe, not yet fitted."""
        return type(self)(**self.settings)  # pyright: ignore[reportArgumentType]

    def fit(self, rows: TreatmentRows) -> Self:
        """Fit on customers who were treated, or not, by chance."""
        self.models_ = self.fit_models(rows)
        return self

    def fit_outcome_once(self, rows: OutcomeRows) -> OutcomeModel:
        """One outcome model; learners of one base that ask for the same one in `share_fits` share it."""
        if rows.is_constant:
            return ConstantOutcome(rows.mean)
        key = ("uplift", rows.is_binary, tuple(self.base_settings.items()))
        return fit_once(key, (rows.values, rows.outcomes, rows.weights), fit=lambda: self.fit_outcome(rows))

    @property
    def base_settings(self) -> Settings:
        """The settings that its outcome models depend on."""
        return {**self.settings, "base": type(self).fit_outcome.__qualname__}

    def dump(self) -> Artifact:
        """The fitted learner."""
        artifact = pack([model.dump() for model in self.models_], name=self.name)
        numbers = {name: getattr(self, name) for name in self.fitted_numbers}
        return replace(artifact, state={**artifact.state, "settings": self.settings, "numbers": numbers})

    @classmethod
    def load(cls, artifact: Artifact) -> Self:
        """The inverse of `dump`."""
        learner = cls(**artifact.state["settings"])
        learner.models_ = tuple(load_outcome_model(part) for part in unpack(artifact))
        for name, number in artifact.state["numbers"].items():
            setattr(learner, name, number)
        return learner


@dataclass(eq=False)
class LinearOutcomes(UpliftLearner):
    """A learner whose outcome models are linear."""

    regularization: Positive = 100.0
    "The penalty: half of it times the squared norm of the weights is added to the total loss."

    def fit_outcome(self, rows: OutcomeRows) -> OutcomeModel:
        """A logistic or a ridge regression."""
        return LinearOutcome.fit(rows, penalty=self.regularization)


@dataclass(eq=False)
class BoostedOutcomes(UpliftLearner):
    """A learner whose outcome models are gradient-boosted trees."""

    learning_rate: PositiveShare = 0.1
    n_leaves: Leaves = 6
    n_trees: NumberOfTrees = 60
    min_data_in_leaf: Count = 500
    "Effects are small next to outcomes: small leaves would fit chance. At most a twentieth of the rows."
    lambda_l2: NotNegative = 1.0
    bagging_fraction: PositiveShare = 0.6
    "Share of the rows sampled for each tree."
    feature_fraction: PositiveShare = 0.5
    "Share of the features sampled for each split."

    def fit_outcome(self, rows: OutcomeRows) -> OutcomeModel:
        """Small trees."""
        return BoostedOutcome.fit(
            rows,
            n_trees=self.n_trees,
            seed=self.seed,
            learning_rate=self.learning_rate,
            num_leaves=self.n_leaves,
            min_data_in_leaf=max(1, min(self.min_data_in_leaf, len(rows.outcomes) // MIN_LEAVES)),
            lambda_l2=self.lambda_l2,
            bagging_fraction=self.bagging_fraction,
            feature_fraction_bynode=self.feature_fraction,
        )


def deal_folds(customer_ids: NDArray[np.str_], *, n_folds: int, seed: int) -> NDArray[np.int64]:
    """The fold of each row, (n,) from 0, with all rows of a customer in one fold."""
    _, owners = np.unique(customer_ids, return_inverse=True)
    dealt = np.random.default_rng(seed).permutation(int(owners.max()) + 1)
    return dealt[owners] % n_folds


SIMPLEST_FIRST: Sequence[str] = (
    "average_effect",
    "response_linear",
    "response_boosted",
    "risk_linear",
    "risk_boosted",
    "s_linear",
    "t_linear",
    "x_linear",
    "dr_linear",
    "s_boosted",
    "t_boosted",
    "x_boosted",
    "dr_boosted",
    "blend",
)
LEARNERS: Catalogue[type[UpliftLearner]] = Catalogue.of_folder(
    "models.uplift", attribute="MODEL", first=tuple(SIMPLEST_FIRST)
)
"The uplift learners, simplest first."
