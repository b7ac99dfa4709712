"""Additive churn models: features add up in log-odds, columns are found by name, and scores have intervals.

    contributions of the features + bias = log-odds -> Platt -> probability

A model in this folder implements how it is fitted and what each feature contributes.

The interval of a score comes from refits on bootstrap samples of the customers with the same settings; of many rows, on
smaller samples, whose spread is scaled down to that of all rows. The standard deviation of the refits' log-odds, as
that of a normal distribution around the model's own, gives a 90 % interval. It says how much the probability would move
with another sample of similar customers, and with the level of churn where that has moved between the training cutoffs.
It does not say what one customer will do, and does not cover errors that every refit shares. Twenty refits are too few
for percentiles, but they give a standard deviation to about a sixth of itself (1 / sqrt(2 * 19)).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Self

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from core.catalogue import Catalogue
from core.errors import BadInput, NotEnoughHistory
from core.feature_table import FeatureColumn, FeatureTable
from core.labels import Labels
from core.model_kinds import Capability
from core.scores import Reason, Scores
from models.artifact import Artifact
from models.calibration import Platt
from models.churn.aligned_values import align_values
from models.churn.customer_folds import TrainingRows
from models.churn.level import Level, LevelByCutoff
from models.churn.partial_windows import weigh_observed
from models.churn.reasons import explain_scores, usual_values
from models.churn.word_rates import WordRates, encode_training_rows
from models.protocols import Settings
from models.setting_types import HalfLife, Resamples, Seed

BLOCK_ROWS = 50_000
"Rows scored together; bounds the memory of a million customers."

STANDARD_DEVIATIONS = 1.6449
"Half the width of the interval that contains 90 % of a normal distribution."


@dataclass(eq=False)
class AdditiveModel(ABC):
    """A churn model whose log-odds are a sum over features."""

    name: ClassVar[str]
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.ADDITIVE_LOG_ODDS})

    n_resamples: Resamples = 20
    "Bootstrap refits for the interval of a score, at least 2; 0 gives no interval."

    seed: Seed = 0

    level: Level = "training"
    """Where the mean probability lies. training: at the churn rate of all training rows. newest: at that of the newest
    cutoffs, as many as hold 200 churned rows. season: at that of the cutoffs around the same day a year earlier, or of
    the newest ones where those hold fewer than 200 churned rows."""

    half_life_days: HalfLife | None = None
    "Age, counted from the newest training cutoff, at which a row counts half. None: all cutoffs count alike."

    columns_: tuple[FeatureColumn, ...] = field(init=False, repr=False, default=())
    "The features it was fitted on, in its own order."
    usual_: NDArray[np.float64] = field(init=False, repr=False, default_factory=lambda: np.empty(0))
    "The usual value of each column in the cohort."
    horizon_days_: int = field(init=False, repr=False, default=0)
    platt_: Platt = field(init=False, repr=False, default=Platt())
    word_rates_: WordRates = field(init=False, repr=False, default=WordRates())
    "Of the columns with very many words."
    resample_scale_: float = field(init=False, repr=False, default=1.0)
    "What the standard deviation of the refits is multiplied by; below 1 where they were fitted on small samples."
    levels_: LevelByCutoff = field(init=False, repr=False, default=LevelByCutoff())
    "Of the training cutoffs."
    level_spread_: float = field(init=False, repr=False, default=0.0)
    "Standard deviation of the level between the training cutoffs, in log-odds, beyond chance; widens intervals."

    @abstractmethod
    def fit_rows(self, rows: TrainingRows) -> None:
        """Fit to these rows; `columns_` are set."""

    @abstractmethod
    def raw_contributions(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Uncalibrated contributions, (n, m + 1): what each column adds to the log-odds, and last the bias."""

    @abstractmethod
    def log_odds_of_resamples(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Uncalibrated log-odds by each bootstrap refit, (n_resamples, n)."""

    @abstractmethod
    def dump(self) -> Artifact:
        """The fitted state that is particular to this model."""

    @abstractmethod
    def load(self, artifact: Artifact) -> None:
        """The inverse of `dump`."""

    def log_odds(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Uncalibrated log-odds, (n,). A model overrides it where there is a faster way than the sum."""
        return self.raw_contributions(values).sum(axis=1)

    def choose_columns(self, columns: tuple[FeatureColumn, ...]) -> tuple[FeatureColumn, ...]:
        """The columns it is fitted on: all of them, unless a model overrides this."""
        return columns

    def __post_init__(self) -> None:
        if self.n_resamples == 1 or self.n_resamples < 0:
            raise BadInput(f"n_resamples must be 0 or at least 2, found {self.n_resamples}")

    @property
    def settings(self) -> Settings:
        """The recipe: `type(model)(**settings)` is the same model, not yet fitted."""
        return {setting.name: getattr(self, setting.name) for setting in fields(self) if setting.init}

    def identify_fit(self, *ignored: str, needs_held_out: bool) -> Hashable:
        """What decides about the fit on given rows: the model, its settings without the ignored ones, its columns."""
        ignored = (*ignored, "level")
        settings = tuple((name, value) for name, value in self.settings.items() if name not in ignored)
        columns = tuple((column.name, column.vocabulary) for column in self.columns_)
        return self.name, settings, columns, needs_held_out

    def fit(self, features: FeatureTable, outcomes: Labels) -> Self:
        """Fit on usable rows (`Labels.is_usable`), aligned one to one; the horizon is that of the outcomes."""
        _check_rows(features, outcomes)
        self.columns_ = self.choose_columns(features.columns)
        self.horizon_days_ = outcomes.horizon_days
        values = align_values(features, self.columns_)
        self.usual_ = usual_values(values, self.columns_)
        rows = TrainingRows(
            values,
            outcomes.churned.astype(np.float64),
            outcomes.customer_ids,
            outcomes.is_event,
            self._weigh(outcomes),
        )
        self.word_rates_ = WordRates.fit(rows, self.columns_)
        rows = encode_training_rows(rows, self.columns_, seed=self.seed)
        self.fit_rows(rows)
        self.resample_scale_ = rows.resample_scale
        mature = outcomes.is_mature
        self.levels_ = LevelByCutoff.of(
            self.platt_.apply(self.log_odds(rows.values[mature])),
            rows.churned[mature],
            cutoffs=outcomes.cutoffs[mature],
        )
        self.level_spread_ = self.levels_.standard_deviation
        return self

    def score(self, features: FeatureTable, horizon_days: int) -> Scores:
        """P(churn) of each row, with its 90 % interval where there are resamples."""
        if horizon_days != self.horizon_days_:
            raise BadInput(
                f"this {self.name} model was fitted for {self.horizon_days_} days and cannot score {horizon_days}; "
                "train one for that horizon"
            )
        values, offsets = self._align(features), self.levels_.offsets_at(features.cutoffs, self.level)
        log_odds = np.vstack([np.empty((0, 3)), *map(self._score_block, _blocks(values))])
        value, low, high = expit(log_odds + offsets[:, None]).T
        scores = Scores(
            customer_ids=features.customer_ids, cutoffs=features.cutoffs, value=value, horizon_days=horizon_days
        )
        return replace(scores, low=low, high=high) if self.n_resamples else scores

    def contributions(self, features: FeatureTable) -> NDArray[np.float64]:
        """What each of `columns_` adds to the calibrated log-odds, and last the bias, (n, m + 1); rows sum to them."""
        blocks = map(self._explain_block, _blocks(self._align(features)))
        contributions = np.vstack([np.empty((0, len(self.columns_) + 1)), *blocks])
        contributions[:, -1] += self.levels_.offsets_at(features.cutoffs, self.level)
        return contributions

    def update_texts(self, columns: Sequence[FeatureColumn]) -> None:
        """Take the texts of these columns, so that a champion explains itself in today's texts."""
        today = {column.name: column for column in columns}
        self.columns_ = tuple(
            msgspec.structs.replace(today.get(column.name, column), vocabulary=column.vocabulary)
            for column in self.columns_
        )

    def importance(self, features: FeatureTable) -> dict[str, float]:
        """Mean absolute contribution of each feature in log-odds, largest first."""
        sizes = np.abs(self.contributions(features)[:, :-1]).mean(axis=0)
        return {self.columns_[place].name: float(sizes[place]) for place in np.argsort(-sizes, kind="stable")}

    def reasons(self, features: FeatureTable, k: int = 3) -> list[tuple[Reason, ...]]:
        """At most k reasons per row, strongest first. A family that contributes nothing gives no reason."""
        reasons: list[tuple[Reason, ...]] = []
        for values in _blocks(align_values(features, self.columns_)):
            contributions = self._explain_block(self.word_rates_.encode(values))[:, :-1]
            reasons += explain_scores(contributions, values, columns=self.columns_, usual=self.usual_, k=k)
        return reasons

    def to_artifact(self) -> Artifact:
        """The fitted model as JSON, text and arrays."""
        own = self.dump()
        state: dict[str, Any] = {
            **own.state,
            "settings": self.settings,
            "columns": msgspec.to_builtins(self.columns_),
            "horizon_days": self.horizon_days_,
            "platt": [self.platt_.slope, self.platt_.intercept],
            "level_spread": self.level_spread_,
            "levels": self.levels_.dump(),
            "resample_scale": self.resample_scale_,
        }
        arrays = {**own.arrays, **self.word_rates_.arrays(), "usual": self.usual_}
        return Artifact(self.name, state, arrays, own.texts)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """The model that gives the same scores as the one that was stored."""
        model = cls(**artifact.state["settings"])
        model.columns_ = msgspec.convert(artifact.state["columns"], tuple[FeatureColumn, ...])
        model.horizon_days_ = artifact.state["horizon_days"]
        model.platt_ = Platt(*artifact.state["platt"])
        model.level_spread_ = artifact.state.get("level_spread", 0.0)
        model.levels_ = LevelByCutoff.load(artifact.state.get("levels", {}))
        model.resample_scale_ = artifact.state.get("resample_scale", 1.0)
        model.usual_ = artifact.arrays["usual"]
        model.word_rates_ = WordRates.of_arrays(artifact.arrays)
        shared = model.word_rates_.arrays()
        own = {name: array for name, array in artifact.arrays.items() if name not in shared}
        model.load(replace(artifact, arrays=own))
        return model

    @property
    def input_columns(self) -> tuple[FeatureColumn, ...]:
        """The columns of the values that `fit_rows` gets: those with very many words are numbers."""
        return self.word_rates_.as_numbers(self.columns_)

    def _weigh(self, outcomes: Labels) -> NDArray[np.float64] | None:
        weights = weigh_observed(outcomes)
        if self.half_life_days is None:
            return weights
        days = (outcomes.cutoffs.max() - outcomes.cutoffs).astype("timedelta64[D]").astype(np.float64)
        by_age = 0.5 ** (days / self.half_life_days)
        return by_age if weights is None else weights * by_age

    def _align(self, features: FeatureTable) -> NDArray[np.float64]:
        return self.word_rates_.encode(align_values(features, self.columns_))

    def _score_block(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Calibrated log-odds at the level of training with their bounds, (n, 3)."""
        centre = self.platt_.apply(self.log_odds(values))
        if not self.n_resamples:
            return np.column_stack([centre, centre, centre])
        resampled = self.platt_.apply(self.log_odds_of_resamples(values))
        widths = {"scale": self.resample_scale_, "level_spread": self.level_spread_}
        return np.column_stack([centre, *bounds(centre, resampled, **widths)])

    def _explain_block(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        scaled = self.platt_.slope * self.raw_contributions(values)
        scaled[:, -1] += self.platt_.intercept
        return scaled


def bounds(
    log_odds: NDArray[np.float64], resampled: NDArray[np.float64], *, scale: float = 1.0, level_spread: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Low and high, (n,) each, around log-odds (n,) from those of the refits, (refits, n); at least two refits.

    `scale` is `TrainingRows.resample_scale`, `level_spread` a further standard deviation.
    """
    spread = STANDARD_DEVIATIONS * np.hypot(scale * resampled.std(axis=0, ddof=1), level_spread)
    return log_odds - spread, log_odds + spread


def _blocks(values: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    for first in range(0, len(values), BLOCK_ROWS):
        yield values[first : first + BLOCK_ROWS]


def _check_rows(features: FeatureTable, outcomes: Labels) -> None:
    if len(features) != len(outcomes) or (features.customer_ids != outcomes.customer_ids).any():
        raise BadInput(
            f"{len(features)} rows of features and {len(outcomes)} outcomes are not the same rows; align them"
        )
    if not outcomes.is_mature.any():
        raise NotEnoughHistory("there is no mature row to fit a model on; add earlier cutoffs or shorten the horizon")
    if not outcomes.is_usable.all():
        raise BadInput(f"{(~outcomes.is_usable).sum()} rows are not mature; fit on rows whose horizon is over")


CHURN_MODELS: Catalogue[type[AdditiveModel]] = Catalogue.of_folder(
    "models.churn", attribute="MODEL", first=("base_rate", "recency", "rfm", "logistic", "gradient_boosting", "blend")
)
"The churn models, simplest first: of two equally good models, the first one is chosen."
