"""What every churn model shares: it adds up log-odds, finds its columns by name and says how sure it is.

    contributions of the features + bias = log-odds -> Platt -> probability

Models of this room fill in how they learn and what each feature contributes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Self

import msgspec
import numpy as np
from scipy.special import expit

from core.errors import BadInput, DataError, NotEnoughHistory
from core.feature_table import FeatureColumn, FeatureTable
from core.labels import Labels
from core.scores import Reason, Scores
from models.artifact import Artifact
from models.calibration import Platt
from models.churn.customer_folds import LearningRows
from models.churn.reasons import explain_scores, usual_values
from models.churn.uncertainty import bounds
from models.protocols import Settings

ROWS_AT_ONCE = 50_000
"Rows scored together; bounds the memory of a million customers."


@dataclass(eq=False)
class AdditiveModel(ABC):
    """A churn model whose log-odds are a sum over features."""

    name: ClassVar[str]

    n_resamples: int = 20
    "Bootstrap refits behind the bounds of a score, at least 2; 0 gives no bounds."

    seed: int = 0

    columns_: tuple[FeatureColumn, ...] = field(init=False, repr=False, default=())
    "What it learnt from, in its own order."
    usual_: np.ndarray = field(init=False, repr=False, default_factory=lambda: np.empty(0))
    "Each column's usual value in the cohort."
    horizon_days_: int = field(init=False, repr=False, default=0)
    platt_: Platt = field(init=False, repr=False, default=Platt())

    @abstractmethod
    def learn(self, rows: LearningRows) -> None:
        """Fit to these rows; `columns_` are set."""

    @abstractmethod
    def contribute(self, values: np.ndarray) -> np.ndarray:
        """Uncalibrated contributions, (n, m + 1): what each column adds to the log-odds, and last the bias."""

    @abstractmethod
    def resampled_log_odds(self, values: np.ndarray) -> np.ndarray:
        """Uncalibrated log-odds by each bootstrap refit, (n_resamples, n)."""

    @abstractmethod
    def keep(self) -> Artifact:
        """What `learn` found, without what every model has."""

    @abstractmethod
    def restore(self, artifact: Artifact) -> None:
        """The reverse of `keep`."""

    def log_odds(self, values: np.ndarray) -> np.ndarray:
        """Uncalibrated log-odds, (n,); a model that knows a faster way than adding up takes it."""
        return self.contribute(values).sum(axis=1)

    def choose_columns(self, columns: tuple[FeatureColumn, ...]) -> tuple[FeatureColumn, ...]:
        """The columns it learns from: all, unless a model says otherwise."""
        return columns

    def __post_init__(self) -> None:
        if self.n_resamples == 1 or self.n_resamples < 0:
            raise BadInput(f"n_resamples is 0 or at least 2, found {self.n_resamples}")

    @property
    def settings(self) -> Settings:
        """The recipe: `type(model)(**settings)` is the same model, not yet fitted."""
        return {knob.name: getattr(self, knob.name) for knob in fields(self) if knob.init}

    def fit(self, features: FeatureTable, outcomes: Labels) -> Self:
        """Learn from mature rows, aligned one to one; the horizon is the outcomes'."""
        _refuse_unlearnable(features, outcomes)
        self.columns_ = self.choose_columns(features.columns)
        self.horizon_days_ = outcomes.horizon_days
        values = aligned(features, self.columns_)
        self.usual_ = usual_values(values, self.columns_)
        self.learn(LearningRows(values, outcomes.churned.astype(np.float64), outcomes.customer_ids))
        return self

    def score(self, features: FeatureTable, horizon_days: int) -> Scores:
        """P(churn) of each row, between the bounds of its 90 % interval (see uncertain.py)."""
        if horizon_days != self.horizon_days_:
            raise BadInput(
                f"this {self.name} model was fitted for {self.horizon_days_} days and knows nothing of "
                f"{horizon_days}; train one for that horizon"
            )
        values = aligned(features, self.columns_)
        value, low, high = expit(np.vstack([np.empty((0, 3)), *map(self._score_block, _blocks(values))])).T
        scores = Scores(features.customer_ids, features.cutoffs, value, horizon_days)
        return replace(scores, low=low, high=high) if self.n_resamples else scores

    def contributions(self, features: FeatureTable) -> np.ndarray:
        """What each of `columns_` adds to the calibrated log-odds, and last the bias, (n, m + 1); rows sum to them."""
        blocks = map(self._explain_block, _blocks(aligned(features, self.columns_)))
        return np.vstack([np.empty((0, len(self.columns_) + 1)), *blocks])

    def importance(self, features: FeatureTable) -> dict[str, float]:
        """Mean size of each feature's contribution in log-odds, largest first."""
        sizes = np.abs(self.contributions(features)[:, :-1]).mean(axis=0)
        return {self.columns_[place].name: float(sizes[place]) for place in np.argsort(-sizes, kind="stable")}

    def reasons(self, features: FeatureTable, k: int = 3) -> list[tuple[Reason, ...]]:
        """At most k reasons a row, strongest first; families that contribute nothing give none."""
        found: list[tuple[Reason, ...]] = []
        for values in _blocks(aligned(features, self.columns_)):
            found += explain_scores(
                self._explain_block(values)[:, :-1], values, columns=self.columns_, usual=self.usual_, k=k
            )
        return found

    def to_artifact(self) -> Artifact:
        """The fitted model as JSON, text and arrays."""
        kept = self.keep()
        state: dict[str, Any] = {
            **kept.state,
            "settings": self.settings,
            "columns": msgspec.to_builtins(self.columns_),
            "horizon_days": self.horizon_days_,
            "platt": [self.platt_.slope, self.platt_.intercept],
        }
        return Artifact(self.name, state, {**kept.arrays, "usual": self.usual_}, kept.texts)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The model that gives the same scores as the one it was taken from."""
        model = cls(**artifact.state["settings"])
        model.columns_ = msgspec.convert(artifact.state["columns"], tuple[FeatureColumn, ...])
        model.horizon_days_ = artifact.state["horizon_days"]
        model.platt_ = Platt(*artifact.state["platt"])
        model.usual_ = artifact.arrays["usual"]
        model.restore(artifact)
        return model

    def _score_block(self, values: np.ndarray) -> np.ndarray:
        """Calibrated log-odds with their bounds, (n, 3)."""
        centre = self.platt_.apply(self.log_odds(values))
        if not self.n_resamples:
            return np.column_stack([centre, centre, centre])
        return np.column_stack([centre, *bounds(centre, self.platt_.apply(self.resampled_log_odds(values)))])

    def _explain_block(self, values: np.ndarray) -> np.ndarray:
        scaled = self.platt_.slope * self.contribute(values)
        scaled[:, -1] += self.platt_.intercept
        return scaled


def _blocks(values: np.ndarray) -> Iterator[np.ndarray]:
    for first in range(0, len(values), ROWS_AT_ONCE):
        yield values[first : first + ROWS_AT_ONCE]


def aligned(features: FeatureTable, columns: tuple[FeatureColumn, ...]) -> np.ndarray:
    """The values of these columns, found by name, (n, m); categorical codes follow the columns' vocabularies.

    Raises DataError for a missing column, or for one that was words and now is a number.
    """
    chosen = features.select([column.name for column in columns])
    values = chosen.values  # a copy of the caller's
    for place, (found, learnt) in enumerate(zip(chosen.columns, columns, strict=True)):
        if found.vocabulary != learnt.vocabulary:
            values[:, place] = _recoded(values[:, place], found, learnt)
    return values


def _recoded(codes: np.ndarray, found: FeatureColumn, learnt: FeatureColumn) -> np.ndarray:
    if found.vocabulary is None or learnt.vocabulary is None:
        raise DataError(f"feature '{learnt.name}' holds words in one table and numbers in the other; train again")
    new_code = {word: float(code) for code, word in enumerate(learnt.vocabulary)}
    of_old = np.array([new_code.get(word, np.nan) for word in found.vocabulary] + [np.nan])
    return of_old[np.where(np.isnan(codes), -1, codes).astype(np.int64)]


def _refuse_unlearnable(features: FeatureTable, outcomes: Labels) -> None:
    if len(features) != len(outcomes) or (features.customer_ids != outcomes.customer_ids).any():
        raise BadInput(
            f"{len(features)} rows of features and {len(outcomes)} outcomes are not the same rows; align them"
        )
    if not len(outcomes):
        raise NotEnoughHistory("there is no mature row to learn from; add earlier cutoffs or shorten the horizon")
    if not outcomes.mature.all():
        raise BadInput(f"{(~outcomes.mature).sum()} rows are not mature; fit on rows whose horizon is over")
