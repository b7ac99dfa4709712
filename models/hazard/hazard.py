"""When a customer will leave: the risk of each coming period, from which every horizon's risk follows.

    hazard of a period = P(leaves in it, of those who are still there)
    P(churn within h)  = 1 - product of (1 - hazard) over the periods until h

A model of one horizon says nothing of another, and several of them contradict each other; one hazard gives one
curve that never falls (Singer & Willett 1993; Tutz & Schmid 2016). Models of this room fill in how they tell the
hazard from a customer's features and the number of the period.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self

import msgspec
import numpy as np
from scipy.special import expit

from core.errors import BadInput, NotEnoughHistory
from core.feature_table import FeatureColumn, FeatureTable
from core.labels import Labels
from core.risk_curves import RiskCurves
from core.scores import Reason, Scores
from models.artifact import Artifact
from models.calibration import Platt
from models.churn.additive import ROWS_AT_ONCE, AdditiveModel, aligned
from models.churn.customer_folds import LearningRows
from models.churn.reasons import explain_scores, usual_values
from models.hazard.cause_shares import CauseShares
from models.hazard.person_periods import PersonPeriods, period_columns, period_values
from models.protocols import Settings

PART = "part_"
"What the arrays of the part are called by in an artifact."


@dataclass(eq=False)
class Hazard(ABC):
    """A churn model that answers for any horizon up to the one that its outcomes were followed for."""

    name: ClassVar[str]
    period_in_words: ClassVar[bool] = True
    "Whether each period gets a word of its own, as models that add up need it."

    period_days: int = 30

    most_person_periods: int = 200_000
    "Beyond, whole customers are drawn at random to learn from; bounds the memory and the time of a fit."

    seed: int = 0

    columns_: tuple[FeatureColumn, ...] = field(init=False, repr=False, default=())
    usual_: np.ndarray = field(init=False, repr=False, default_factory=lambda: np.empty(0))
    "Each column's usual value in the cohort."
    n_periods_: int = field(init=False, repr=False, default=0)
    first_period_: int = field(init=False, repr=False, default=0)
    "Before it nobody can be lost: a silence takes its time."
    n_departures_: int = field(init=False, repr=False, default=0)
    "Person-periods learnt from in which somebody left."
    part_: AdditiveModel = field(init=False, repr=False)
    "What tells the hazard of a person-period."
    shares_: CauseShares | None = field(init=False, repr=False, default=None)

    @abstractmethod
    def make_part(self) -> AdditiveModel:
        """The model of one person-period, not yet fitted."""

    def choose_columns(self, columns: tuple[FeatureColumn, ...]) -> tuple[FeatureColumn, ...]:
        """The columns it learns from: all, unless a model says otherwise."""
        return columns

    def __post_init__(self) -> None:
        if self.period_days < 1 or self.most_person_periods < 1:
            raise BadInput(
                f"period_days and most_person_periods are at least 1, found {self.period_days} and "
                f"{self.most_person_periods}"
            )

    @property
    def settings(self) -> Settings:
        """The recipe: `type(model)(**settings)` is the same model, not yet fitted."""
        return {knob.name: getattr(self, knob.name) for knob in fields(self) if knob.init}

    @property
    def horizon_days_(self) -> int:
        """The longest horizon that it answers for."""
        return self.n_periods_ * self.period_days

    @property
    def causes_(self) -> tuple[str, ...]:
        """The causes that it tells apart; none where too few were stated."""
        return self.shares_.causes if self.shares_ else ()

    def fit(self, features: FeatureTable, outcomes: Labels) -> Self:
        """Learn from rows that were followed (`label_lifetimes`), aligned one to one; they need not be mature.

        Each contributes the periods that were seen to their end. The longest horizon is the outcomes'. A cause of
        `outcomes.cause` is taken as it stands, '' is not stated.
        """
        followed = self._person_periods(features, outcomes)
        self.columns_ = self.choose_columns(features.columns)
        self.n_periods_ = outcomes.horizon_days // self.period_days
        self.first_period_ = int(followed.periods[followed.churned].min(initial=self.n_periods_ - 1))
        followed = followed.take(followed.periods >= self.first_period_)
        self.usual_ = usual_values(aligned(features, self.columns_), self.columns_)
        values, customer_ids = self._values(features, followed.rows, followed.periods), features.customer_ids
        self.n_departures_ = int(followed.churned.sum())
        self.part_ = self._part()
        self.part_.learn(LearningRows(values, followed.churned.astype(np.float64), customer_ids[followed.rows]))
        left = followed.rows[followed.churned]
        self.shares_ = CauseShares.learnt(
            values[followed.churned], self.part_.columns_, outcomes.cause[left], customer_ids[left], self.seed
        )
        return self

    def curves(self, features: FeatureTable) -> RiskCurves:
        """When each row will leave, by cause where causes were learnt."""
        n, n_causes = len(features), len(self.causes_)
        risk, by_cause = np.empty((n, self.n_periods_)), np.zeros((n, self.n_periods_, n_causes))
        for first in range(0, n, ROWS_AT_ONCE):
            block = np.arange(first, min(first + ROWS_AT_ONCE, n))
            risk[block], by_cause[block] = self._curves_of(features.take(block))
        return RiskCurves(self.period_days, risk, by_cause, self.causes_)

    def score(self, features: FeatureTable, horizon_days: int) -> Scores:
        """P(churn) of each row within any horizon up to the longest. Raises BadInput beyond it."""
        if not 0 < horizon_days <= self.horizon_days_:
            raise BadInput(
                f"this {self.name} model answers for 1 to {self.horizon_days_} days, not for {horizon_days}; "
                "train one that looks further ahead"
            )
        value = self.curves(features).at(horizon_days)
        return Scores(features.customer_ids, features.cutoffs, value, horizon_days)

    def contributions(self, features: FeatureTable) -> np.ndarray:
        """What each of `columns_` adds to the log-odds of leaving, (n, m), averaged over the periods."""
        periods = range(self.first_period_, self.n_periods_)
        summed = np.zeros((len(features), len(self.columns_)))
        if not len(features):
            return summed
        for period in periods:
            rows = np.arange(len(features))
            values = self._values(features, rows, np.full(len(features), period))
            summed += self.part_.contribute(values)[:, : len(self.columns_)]
        return self.part_.platt_.slope * summed / len(periods)

    def importance(self, features: FeatureTable) -> dict[str, float]:
        """Mean size of each feature's contribution in log-odds, largest first."""
        sizes = np.abs(self.contributions(features)).mean(axis=0)
        return {self.columns_[place].name: float(sizes[place]) for place in np.argsort(-sizes, kind="stable")}

    def reasons(self, features: FeatureTable, k: int = 3) -> list[tuple[Reason, ...]]:
        """At most k reasons a row, strongest first."""
        values = aligned(features, self.columns_)
        return explain_scores(self.contributions(features), values, columns=self.columns_, usual=self.usual_, k=k)

    def to_artifact(self) -> Artifact:
        """The fitted model as JSON, text and arrays."""
        kept = self.part_.keep()
        state: dict[str, Any] = {
            "part": kept.state,
            "platt": [self.part_.platt_.slope, self.part_.platt_.intercept],
            "settings": self.settings,
            "columns": msgspec.to_builtins(self.columns_),
            "n_periods": self.n_periods_,
            "first_period": self.first_period_,
            "causes": self.causes_,
        }
        arrays = {f"{PART}{name}": array for name, array in kept.arrays.items()}
        shares = self.shares_.arrays() if self.shares_ else {}
        return Artifact(self.name, state, {**arrays, **shares, "usual": self.usual_}, kept.texts)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The model that gives the same scores as the one it was taken from."""
        model, state = cls(**artifact.state["settings"]), artifact.state
        model.columns_ = msgspec.convert(state["columns"], tuple[FeatureColumn, ...])
        model.n_periods_, model.first_period_ = state["n_periods"], state["first_period"]
        model.usual_ = artifact.arrays["usual"]
        model.part_ = model._part()
        own = {name.removeprefix(PART): array for name, array in artifact.arrays.items() if name.startswith(PART)}
        model.part_.restore(Artifact(model.part_.name, state["part"], own | {"usual": model.usual_}, artifact.texts))
        model.part_.platt_ = Platt(*state["platt"])
        if state["causes"]:
            model.shares_ = CauseShares.restored(tuple(state["causes"]), dict(artifact.arrays))
        return model

    def _person_periods(self, features: FeatureTable, outcomes: Labels) -> PersonPeriods:
        if len(features) != len(outcomes) or (features.customer_ids != outcomes.customer_ids).any():
            raise BadInput(
                f"{len(features)} rows of features and {len(outcomes)} outcomes are not the same rows; align them"
            )
        followed = PersonPeriods.of(outcomes, self.period_days)
        if not len(followed):
            raise NotEnoughHistory(
                f"no customer was followed for a whole period of {self.period_days} days; add earlier cutoffs or "
                "shorten period_days"
            )
        return followed.sampled(outcomes.customer_ids, self.most_person_periods, self.seed)

    def _part(self) -> AdditiveModel:
        part = self.make_part()
        part.columns_ = (*self.columns_, *period_columns(self.n_periods_, self.period_in_words))
        return part

    def _values(self, features: FeatureTable, rows: np.ndarray, periods: np.ndarray) -> np.ndarray:
        """The values of the part's columns for rows of the table in some periods, (p, m + 2)."""
        own = aligned(features, self.columns_)[rows]
        return np.column_stack([own, period_values(features, rows, periods, self.period_days)])

    def _curves_of(self, features: FeatureTable) -> tuple[np.ndarray, np.ndarray]:
        n, n_causes = len(features), len(self.causes_)
        staying, risk, by_cause = np.ones(n), np.zeros((n, self.n_periods_)), np.zeros((n, self.n_periods_, n_causes))
        left_for = np.zeros((n, n_causes))
        for period in range(self.first_period_, self.n_periods_):
            values = self._values(features, np.arange(n), np.full(n, period))
            leaving = staying * expit(self.part_.platt_.apply(self.part_.log_odds(values)))
            staying = staying - leaving
            if self.shares_:
                left_for = left_for + leaving[:, None] * self.shares_.of(values)
            risk[:, period], by_cause[:, period] = 1.0 - staying, left_for
        return risk, by_cause
