"""Discrete-time hazard models: when a customer will churn, as the risk of each coming period.

    hazard of a period = P(churns in it, given that the customer is still there)
    P(churn within h)  = 1 - product of (1 - hazard) over the periods until h

Models of single horizons can contradict each other; one hazard gives one curve that never falls (Singer & Willett 1993;
Tutz & Schmid 2016). A model in this folder implements how the hazard follows from a customer's features and the number
of the period.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from core.catalogue import Catalogue
from core.errors import BadInput, NotEnoughHistory
from core.feature_table import FeatureColumn, FeatureTable
from core.labels import Labels
from core.risk_curves import RiskCurves
from core.scores import Reason, Scores
from models.artifact import Artifact
from models.calibration import Platt
from models.churn.additive import BLOCK_ROWS, AdditiveModel
from models.churn.aligned_values import align_values
from models.churn.customer_folds import TrainingRows
from models.churn.reasons import explain_scores, usual_values
from models.hazard.cause_shares import CauseShares
from models.hazard.person_periods import PersonPeriods, period_columns, period_values
from models.protocols import Settings
from models.setting_types import Count, Days, Seed

PERIOD_MODEL_PREFIX = "part_"
"Of the period model's arrays in an artifact."


@dataclass(eq=False)
class Hazard(ABC):
    """A churn model for any horizon up to that of the outcomes it was fitted on."""

    name: ClassVar[str]
    periods_are_words: ClassVar[bool] = True
    "Whether the period is a categorical feature, as additive models need it."

    period_days: Days = 30

    max_person_periods: Count = 200_000
    "With more, whole customers are sampled at random; bounds the memory and the time of a fit."

    seed: Seed = 0

    columns_: tuple[FeatureColumn, ...] = field(init=False, repr=False, default=())
    usual_: NDArray[np.float64] = field(init=False, repr=False, default_factory=lambda: np.empty(0))
    "The usual value of each column in the cohort."
    n_periods_: int = field(init=False, repr=False, default=0)
    first_period_: int = field(init=False, repr=False, default=0)
    "The first period in which customers can churn, where the label needs some days of inactivity."
    n_churned_: int = field(init=False, repr=False, default=0)
    "Person-periods it was fitted on in which the customer churned."
    period_model_: AdditiveModel = field(init=False, repr=False)
    "Predicts the hazard of a person-period."
    cause_shares_: CauseShares | None = field(init=False, repr=False, default=None)

    @abstractmethod
    def create_period_model(self) -> AdditiveModel:
        """The model of one person-period, not yet fitted."""

    def choose_columns(self, columns: tuple[FeatureColumn, ...]) -> tuple[FeatureColumn, ...]:
        """The columns it is fitted on: all of them, unless a model overrides this."""
        return columns

    @property
    def settings(self) -> Settings:
        """The recipe: `type(model)(**settings)` is the same model, not yet fitted."""
        return {setting.name: getattr(self, setting.name) for setting in fields(self) if setting.init}

    @property
    def horizon_days_(self) -> int:
        """The longest horizon that it can score."""
        return self.n_periods_ * self.period_days

    @property
    def causes_(self) -> tuple[str, ...]:
        """The churn causes that it distinguishes; empty where too few customers stated one."""
        return self.cause_shares_.causes if self.cause_shares_ else ()

    def fit(self, features: FeatureTable, outcomes: Labels) -> Self:
        """Fit on outcomes that are known day by day (`label_lifetimes`), aligned one to one; they need not be mature.

        Each row contributes the periods that were observed to their end. The longest horizon is that of the outcomes.
        `outcomes.cause` is the churn cause as stated; '' is not stated.
        """
        observed = self._person_periods(features, outcomes)
        self.columns_ = self.choose_columns(features.columns)
        self.n_periods_ = outcomes.horizon_days // self.period_days
        self.first_period_ = int(observed.periods[observed.churned].min(initial=self.n_periods_ - 1))
        observed = observed.take(observed.periods >= self.first_period_)
        self.usual_ = usual_values(align_values(features, self.columns_), self.columns_)
        values, customer_ids = self._values(features, observed.rows, periods=observed.periods), features.customer_ids
        self.n_churned_ = int(observed.churned.sum())
        self.period_model_ = self._create_period_model()
        self.period_model_.fit_rows(
            TrainingRows(values, observed.churned.astype(np.float64), customer_ids[observed.rows])
        )
        churned_rows = observed.rows[observed.churned]
        self.cause_shares_ = CauseShares.fit(
            values[observed.churned],
            self.period_model_.columns_,
            stated_causes=outcomes.cause[churned_rows],
            customer_ids=customer_ids[churned_rows],
            seed=self.seed,
        )
        return self

    def curves(self, features: FeatureTable) -> RiskCurves:
        """The cumulative risk of each row, by cause where causes were fitted."""
        n, n_causes = len(features), len(self.causes_)
        risk, by_cause = np.empty((n, self.n_periods_)), np.zeros((n, self.n_periods_, n_causes))
        for first in range(0, n, BLOCK_ROWS):
            block = np.arange(first, min(first + BLOCK_ROWS, n))
            risk[block], by_cause[block] = self._curves_of(features.take(block))
        return RiskCurves(period_days=self.period_days, risk=risk, by_cause=by_cause, causes=self.causes_)

    def score(self, features: FeatureTable, horizon_days: int) -> Scores:
        """P(churn) of each row within any horizon up to the longest. Raises BadInput for a longer one."""
        if not 0 < horizon_days <= self.horizon_days_:
            raise BadInput(
                f"this {self.name} model scores horizons of 1 to {self.horizon_days_} days, not of {horizon_days}; "
                "train one with a longer horizon"
            )
        value = self.curves(features).at(horizon_days)
        return Scores(
            customer_ids=features.customer_ids, cutoffs=features.cutoffs, value=value, horizon_days=horizon_days
        )

    def contributions(self, features: FeatureTable) -> NDArray[np.float64]:
        """What each of `columns_` adds to the log-odds of the hazard, (n, m), averaged over the periods."""
        periods = range(self.first_period_, self.n_periods_)
        summed = np.zeros((len(features), len(self.columns_)))
        if not len(features):
            return summed
        for period in periods:
            rows = np.arange(len(features))
            values = self._values(features, rows, periods=np.full(len(features), period))
            summed += self.period_model_.raw_contributions(values)[:, : len(self.columns_)]
        return self.period_model_.platt_.slope * summed / len(periods)

    def importance(self, features: FeatureTable) -> dict[str, float]:
        """Mean absolute contribution of each feature in log-odds, largest first."""
        sizes = np.abs(self.contributions(features)).mean(axis=0)
        return {self.columns_[place].name: float(sizes[place]) for place in np.argsort(-sizes, kind="stable")}

    def reasons(self, features: FeatureTable, k: int = 3) -> list[tuple[Reason, ...]]:
        """At most k reasons per row, strongest first."""
        values = align_values(features, self.columns_)
        return explain_scores(self.contributions(features), values, columns=self.columns_, usual=self.usual_, k=k)

    def to_artifact(self) -> Artifact:
        """The fitted model as JSON, text and arrays."""
        period_model = self.period_model_.dump()
        state: dict[str, Any] = {
            "part": period_model.state,
            "platt": [self.period_model_.platt_.slope, self.period_model_.platt_.intercept],
            "settings": self.settings,
            "columns": msgspec.to_builtins(self.columns_),
            "n_periods": self.n_periods_,
            "first_period": self.first_period_,
            "causes": self.causes_,
        }
        arrays = {f"{PERIOD_MODEL_PREFIX}{name}": array for name, array in period_model.arrays.items()}
        causes = self.cause_shares_.arrays() if self.cause_shares_ else {}
        return Artifact(self.name, state, {**arrays, **causes, "usual": self.usual_}, period_model.texts)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The model that gives the same scores as the one that was stored."""
        model, state = cls(**artifact.state["settings"]), artifact.state
        model.columns_ = msgspec.convert(state["columns"], tuple[FeatureColumn, ...])
        model.n_periods_, model.first_period_ = state["n_periods"], state["first_period"]
        model.usual_ = artifact.arrays["usual"]
        model.period_model_ = model._create_period_model()
        own = {
            name.removeprefix(PERIOD_MODEL_PREFIX): array
            for name, array in artifact.arrays.items()
            if name.startswith(PERIOD_MODEL_PREFIX)
        }
        own["usual"] = model.usual_
        model.period_model_.load(Artifact(model.period_model_.name, state["part"], own, artifact.texts))
        model.period_model_.platt_ = Platt(*state["platt"])
        if state["causes"]:
            model.cause_shares_ = CauseShares.from_arrays(tuple(state["causes"]), dict(artifact.arrays))
        return model

    def _person_periods(self, features: FeatureTable, outcomes: Labels) -> PersonPeriods:
        if len(features) != len(outcomes) or (features.customer_ids != outcomes.customer_ids).any():
            raise BadInput(
                f"{len(features)} rows of features and {len(outcomes)} outcomes are not the same rows; align them"
            )
        observed = PersonPeriods.of(outcomes, self.period_days)
        if not len(observed):
            raise NotEnoughHistory(
                f"no customer was observed for a whole period of {self.period_days} days; add earlier cutoffs or "
                "shorten period_days"
            )
        return observed.sample(outcomes.customer_ids, limit=self.max_person_periods, seed=self.seed)

    def _create_period_model(self) -> AdditiveModel:
        period_model = self.create_period_model()
        period_model.columns_ = (*self.columns_, *period_columns(self.n_periods_, as_words=self.periods_are_words))
        return period_model

    def _values(
        self, features: FeatureTable, rows: NDArray[np.int64], *, periods: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """The values of the period model's columns for rows of the table in some periods, (p, m + 2)."""
        own = align_values(features, self.columns_)[rows]
        return np.column_stack([own, period_values(features, rows, periods=periods, period_days=self.period_days)])

    def _curves_of(self, features: FeatureTable) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        n, n_causes = len(features), len(self.causes_)
        survival, risk, by_cause = np.ones(n), np.zeros((n, self.n_periods_)), np.zeros((n, self.n_periods_, n_causes))
        churned_for = np.zeros((n, n_causes))
        for period in range(self.first_period_, self.n_periods_):
            values = self._values(features, np.arange(n), periods=np.full(n, period))
            churned = survival * expit(self.period_model_.platt_.apply(self.period_model_.log_odds(values)))
            survival = survival - churned
            if self.cause_shares_:
                churned_for = churned_for + churned[:, None] * self.cause_shares_.predict(values)
            risk[:, period], by_cause[:, period] = 1.0 - survival, churned_for
        return risk, by_cause


HAZARD_MODELS: Catalogue[type[Hazard]] = Catalogue.of_folder(
    "models.hazard", attribute="MODEL", first=("kaplan_meier", "logistic_hazard", "boosted_hazard")
)
"The hazard models, simplest first: of two equally good models, the first one is chosen."
