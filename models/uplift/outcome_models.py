"""The models inside of uplift learners: the expected outcome of a customer, linear or boosted.

Outcomes that are 0 or 1 give a probability (logistic regression, log loss), others a mean (ridge regression, squared
error). Pseudo-outcomes of X- and DR-learners are means, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from core.feature_table import FeatureColumn
from models.artifact import Artifact
from models.churn.design_matrix import DesignMatrix

HARDLY_PENALISED = 30.0
"A column of this size needs a small weight, so that a penalty hardly shrinks the average effect."
LINEAR, INTERACTED, BOOSTED, CONSTANT = "linear", "interacted", "boosted", "constant"


@dataclass(frozen=True)
class OutcomeRows:
    """Rows to fit an outcome model on."""

    values: NDArray[np.float64]
    "(n, m) features, NaN is missing."
    outcomes: NDArray[np.float64]
    "(n,)."
    weights: NDArray[np.float64]
    "(n,) how much each row counts."
    columns: tuple[FeatureColumn, ...]
    is_binary: bool

    def take(self, rows: NDArray[np.bool_]) -> OutcomeRows:
        """The rows that a mask selects."""
        arrays = (self.values[rows], self.outcomes[rows], self.weights[rows])
        return OutcomeRows(*arrays, self.columns, self.is_binary)

    def with_outcomes(self, outcomes: NDArray[np.float64]) -> OutcomeRows:
        """The same customers with a pseudo-outcome, whose mean is modelled."""
        return OutcomeRows(self.values, outcomes, self.weights, self.columns, is_binary=False)

    @property
    def mean(self) -> float:
        """The mean outcome."""
        return float(np.average(self.outcomes, weights=self.weights))

    @property
    def is_constant(self) -> bool:
        """Whether every row that counts has the same outcome, so that there is nothing to fit."""
        counted = self.outcomes[self.weights > 0]
        return bool(np.ptp(counted) == 0)


class OutcomeModel(Protocol):
    """Predicts the expected outcome."""

    def predict(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The expected outcome of rows (n, m), (n,)."""
        ...

    def dump(self) -> Artifact:
        """The fitted model."""
        ...


@dataclass(frozen=True)
class ConstantOutcome:
    """The mean, for every customer."""

    mean: float

    def predict(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The mean of each row."""
        return np.full(len(values), self.mean)

    def dump(self) -> Artifact:
        """The mean."""
        return Artifact(CONSTANT, {"mean": self.mean})


@dataclass(frozen=True)
class LinearOutcome:
    """A ridge-penalised logistic or linear regression on the design matrix of churn's logistic regression."""

    design: DesignMatrix
    weights: NDArray[np.float64]
    "(p + 1,) weights of the design columns, and last the intercept."
    is_binary: bool

    @classmethod
    def fit(cls, rows: OutcomeRows, *, penalty: float, design: DesignMatrix | None = None) -> Self:
        """Fit with a penalty of half of it times the squared norm of the weights.

        It is added to the total loss in units of the outcome's variance, so that a weight of n rows keeps about
        n / (n + penalty) of its size.
        """
        design = design or DesignMatrix.fit(rows.values, rows.columns)
        return cls(design, fit_linear_weights(design.transform(rows.values), rows, penalty=penalty), rows.is_binary)

    def predict(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The probability or the mean of each row."""
        linear = self.design.transform(values) @ self.weights[:-1] + self.weights[-1]
        return expit(linear) if self.is_binary else linear

    def dump(self) -> Artifact:
        """The weights and the design matrix."""
        return Artifact(LINEAR, {"is_binary": self.is_binary}, {"weights": self.weights, **self.design.arrays()})


def fit_linear_weights(matrix: NDArray[np.float64], rows: OutcomeRows, *, penalty: float) -> NDArray[np.float64]:
    """The weights of the columns of a matrix, (n, p), and last the intercept, by logistic or ridge regression."""
    fit = _fit_logistic if rows.is_binary else _fit_ridge
    return fit(matrix, rows, penalty=penalty)


def _fit_logistic(matrix: NDArray[np.float64], rows: OutcomeRows, *, penalty: float) -> NDArray[np.float64]:
    from sklearn.linear_model import LogisticRegression

    mean = rows.mean
    # Times the variance of the outcome, so that a penalty shrinks as much as it does in a ridge regression.
    model = LogisticRegression(C=1.0 / (penalty * mean * (1.0 - mean)), solver="newton-cholesky", max_iter=100)
    model.fit(matrix, rows.outcomes, sample_weight=rows.weights)
    return np.append(np.ravel(model.coef_), model.intercept_)


def _fit_ridge(matrix: NDArray[np.float64], rows: OutcomeRows, *, penalty: float) -> NDArray[np.float64]:
    """Solve the normal equations of weighted, centred columns; the intercept is not penalised."""
    total, mean = rows.weights.sum(), rows.mean
    centre = rows.weights @ matrix / total
    centred = matrix - centre
    weighted = centred * rows.weights[:, None]
    gram = weighted.T @ centred + penalty * np.eye(matrix.shape[1])
    slopes = np.linalg.solve(gram, weighted.T @ (rows.outcomes - mean))
    return np.append(slopes, mean - centre @ slopes)


@dataclass(frozen=True)
class InteractedOutcome:
    """A linear model in which the treatment, the last column of its rows, interacts with every feature."""

    design: DesignMatrix
    weights: NDArray[np.float64]
    "(2p + 2,) of the features, the treatment, the interactions, and last the intercept."
    is_binary: bool

    @classmethod
    def fit_interactions(cls, rows: OutcomeRows, *, penalty: float) -> Self:
        """Fit on rows whose last column is the treatment."""
        design = DesignMatrix.fit(rows.values[:, :-1], rows.columns[:-1])
        weights = fit_linear_weights(_interact(design, rows.values), rows, penalty=penalty)
        return cls(design, weights, rows.is_binary)

    def predict(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The probability or the mean of each row, whose last column is the treatment."""
        linear = _interact(self.design, values) @ self.weights[:-1] + self.weights[-1]
        return expit(linear) if self.is_binary else linear

    def dump(self) -> Artifact:
        """The weights and the design matrix."""
        return Artifact(INTERACTED, {"is_binary": self.is_binary}, {"weights": self.weights, **self.design.arrays()})


def _interact(design: DesignMatrix, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The features, the treatment from -1 to 1 and their products, (n, 2p + 1)."""
    features, treated = design.transform(values[:, :-1]), 2.0 * values[:, -1:] - 1.0
    return np.hstack([features, HARDLY_PENALISED * treated, treated * features])


@dataclass(frozen=True)
class BoostedOutcome:
    """Gradient-boosted trees (LightGBM)."""

    booster: Any
    "A lightgbm.Booster."

    @classmethod
    def fit(cls, rows: OutcomeRows, *, n_trees: int, seed: int, **settings: float) -> Self:
        """Fit trees; `settings` are further parameters of LightGBM."""
        import lightgbm as lgb

        parameters: dict[str, Any] = {
            "objective": "binary" if rows.is_binary else "regression",
            "bagging_freq": 1,
            "seed": seed,
            "num_threads": 1,
            # The same sums in the same order on any machine.
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
            **settings,
        }
        words = [place for place, column in enumerate(rows.columns) if column.vocabulary is not None]
        data = lgb.Dataset(
            rows.values, rows.outcomes, weight=rows.weights, categorical_feature=words, params=parameters
        )
        return cls(lgb.train(parameters, data, num_boost_round=n_trees))

    def predict(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The probability or the mean of each row."""
        return np.asarray(self.booster.predict(values, num_threads=1))

    def dump(self) -> Artifact:
        """The booster in LightGBM's text format."""
        return Artifact(BOOSTED, {}, texts={"booster": self.booster.model_to_string()})


def load_outcome_model(artifact: Artifact) -> OutcomeModel:
    """The inverse of `dump`."""
    if artifact.model == CONSTANT:
        return ConstantOutcome(artifact.state["mean"])
    if artifact.model == BOOSTED:
        import lightgbm as lgb

        return BoostedOutcome(lgb.Booster(model_str=artifact.texts["booster"]))
    arrays = dict(artifact.arrays)
    weights = arrays.pop("weights")
    kind = LinearOutcome if artifact.model == LINEAR else InteractedOutcome
    return kind(DesignMatrix(**arrays), weights, artifact.state["is_binary"])


def pack(artifacts: Sequence[Artifact], *, name: str) -> Artifact:
    """Several artifacts as one."""
    return Artifact(
        name,
        {"parts": [{"model": one.model, "state": one.state} for one in artifacts]},
        {f"{place}_{key}": array for place, one in enumerate(artifacts) for key, array in one.arrays.items()},
        {f"{place}_{key}": text for place, one in enumerate(artifacts) for key, text in one.texts.items()},
    )


def unpack(artifact: Artifact) -> list[Artifact]:
    """The inverse of `pack`."""

    def own(place: int, parts: dict[str, Any]) -> dict[str, Any]:
        return {key.removeprefix(f"{place}_"): part for key, part in parts.items() if key.startswith(f"{place}_")}

    return [
        Artifact(part["model"], part["state"], own(place, artifact.arrays), own(place, artifact.texts))
        for place, part in enumerate(artifact.state["parts"])
    ]
