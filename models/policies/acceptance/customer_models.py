"""How the log-odds of accepting differ between customers who get the same offer: linear or boosted.

Both are fitted beside the level of each contact's offer, which is an offset: they learn only what is left. Their inputs
are the features, the offer, its kind and the customer's taste for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from core.contact_answers import AcceptanceRows
from core.feature_names import FeatureFamily
from core.feature_table import FeatureColumn, FeatureTable
from core.offers import Offer
from models.churn.aligned_values import align_values
from models.churn.design_matrix import DesignMatrix

PENALTY = 100.0
"Of the squared weights, in units of the variance of accepting: a weight of n contacts keeps n / (n + PENALTY)."
MAX_LINEAR_ROWS = 40_000
"The newest contacts that the regression is fitted on; its weights need no more, and its matrix grows with them."
ROWS_AT_ONCE = 10_000
"That are turned into columns together: 250 of them are 20 MB, several times."
N_TREES = 80
TREES: Mapping[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 8,
    "min_data_in_leaf": 100,
    "lambda_l2": 10.0,
    "feature_fraction": 0.5,
    "num_threads": 1,
    # The same sums in the same order on any machine.
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


@dataclass(frozen=True)
class ContactDesign:
    """The inputs of a deviation: which features and which offers it knows."""

    columns: tuple[FeatureColumn, ...]
    offers: tuple[Offer, ...]

    @property
    def all_columns(self) -> tuple[FeatureColumn, ...]:
        """The features, then the offer, its kind and the taste."""
        offer_ids = tuple(offer.offer_id for offer in self.offers)
        kinds = tuple(sorted({offer.kind for offer in self.offers}))
        return (*self.columns, _column("offer", offer_ids), _column("offer_kind", kinds), _column("taste"))

    def values_of(self, features: FeatureTable) -> NDArray[np.float64]:
        """The features in the order of the columns, (n, m)."""
        return align_values(features, self.columns)

    def join(
        self, values: NDArray[np.float64], offer_ids: Sequence[str], *, tastes: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The inputs of contacts with one of the offers each, (n, m + 3)."""
        places = {offer.offer_id: float(place) for place, offer in enumerate(self.offers)}
        kinds = self.all_columns[-2].vocabulary or ()
        codes = {offer.offer_id: float(kinds.index(offer.kind)) for offer in self.offers}
        offer = np.array([places.get(one, np.nan) for one in offer_ids])
        kind = np.array([codes.get(one, np.nan) for one in offer_ids])
        return np.column_stack([values, offer, kind, tastes])


def _column(name: str, words: tuple[str, ...] | None = None) -> FeatureColumn:
    return FeatureColumn(
        name=name,
        family=FeatureFamily.CONTACTS,
        unit="",
        en=name,
        ja=name,
        missing="unknown",
        digest=name,
        vocabulary=words,
    )


@dataclass(frozen=True)
class ContactInputs:
    """Contacts as inputs; every array has n rows."""

    values: NDArray[np.float64]
    "(n, m + 3), the newest contact first."
    columns: tuple[FeatureColumn, ...]
    offsets: NDArray[np.float64]
    "(n,) the level of each contact's offer, in log-odds."
    accepted: NDArray[np.bool_]

    @classmethod
    def of(cls, design: ContactDesign, rows: AcceptanceRows, *, levels: Mapping[str, float]) -> Self:
        """The inputs of contacts, given the levels of their offers."""
        offer_ids = rows.offer_ids.tolist()
        return cls(
            values=design.join(design.values_of(rows.features), offer_ids, tastes=rows.tastes),
            columns=design.all_columns,
            offsets=np.array([levels[offer_id] for offer_id in offer_ids]),
            accepted=rows.accepted,
        )

    def fit_slope(self, deviations: NDArray[np.float64], *, part: NDArray[np.bool_]) -> float:
        """The slope, 0 or above, with which deviations, (n,), predict best in a part of the contacts.

        They must not have been fitted on this part.
        """
        own, offsets, accepted = deviations[part], self.offsets[part], self.accepted[part].astype(np.float64)

        def loss(line: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            log_odds = offsets + line[0] * own + line[1]
            residual = (expit(log_odds) - accepted) / len(accepted)
            value = np.mean(np.logaddexp(0.0, log_odds) - accepted * log_odds)
            return float(value), np.array([residual @ own, residual.sum()])

        result = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0.0, None), (None, None)])
        return float(result.x[0])


class CustomerModel(Protocol):
    """What is added to the level of an offer, in log-odds."""

    def predict(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of inputs (n, m + 3), (n,)."""
        ...


@dataclass(frozen=True)
class LinearCustomerModel:
    """A ridge-penalised logistic regression with an offset."""

    design: DesignMatrix
    weights: NDArray[np.float64]
    "(p + 1,) and last the intercept."

    @classmethod
    def fit(cls, inputs: ContactInputs, *, seed: int) -> Self:
        """Fit on the newest contacts."""
        del seed
        newest = slice(0, MAX_LINEAR_ROWS)
        values, offsets = inputs.values[newest], inputs.offsets[newest]
        accepted = inputs.accepted[newest].astype(np.float64)
        design = DesignMatrix.fit(values[:ROWS_AT_ONCE], inputs.columns)
        matrix = _transform(design, values)
        penalty = PENALTY * accepted.mean() * (1.0 - accepted.mean())

        def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            log_odds = offsets + matrix @ weights[:-1] + weights[-1]
            residual = expit(log_odds) - accepted
            total = np.sum(np.logaddexp(0.0, log_odds) - accepted * log_odds)
            gradient = np.append(matrix.T @ residual + penalty * weights[:-1], residual.sum())
            return float(total + 0.5 * penalty * weights[:-1] @ weights[:-1]), gradient

        result = minimize(loss, np.zeros(matrix.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 200})
        return cls(design, result.x)

    def predict(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The weighted design columns of each row."""
        parts = [part @ self.weights[:-1] for part in _parts_of(self.design, values)]
        return np.concatenate([np.empty(0), *parts]) + self.weights[-1]


def _transform(design: DesignMatrix, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The design columns, (n, p)."""
    matrix, start = np.empty((len(values), len(design.owners))), 0
    for part in _parts_of(design, values):
        matrix[start : start + len(part)] = part
        start += len(part)
    return matrix


def _parts_of(design: DesignMatrix, values: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    yield from (design.transform(values[start : start + ROWS_AT_ONCE]) for start in range(0, len(values), ROWS_AT_ONCE))


@dataclass(frozen=True)
class BoostedCustomerModel:
    """Few small trees that start from the offset (LightGBM)."""

    booster: Any
    "A lightgbm.Booster."

    @classmethod
    def fit(cls, inputs: ContactInputs, *, seed: int) -> Self:
        """Fit on all contacts."""
        import lightgbm as lgb

        parameters = {**TREES, "seed": seed}
        words = [place for place, column in enumerate(inputs.columns) if column.vocabulary is not None]
        data = lgb.Dataset(
            inputs.values,
            inputs.accepted.astype(np.float64),
            init_score=inputs.offsets,
            categorical_feature=words,
            params=parameters,
        )
        return cls(lgb.train(parameters, data, num_boost_round=N_TREES))

    def predict(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The sum of the leaves of each row."""
        return np.asarray(self.booster.predict(values, raw_score=True, num_threads=1))
