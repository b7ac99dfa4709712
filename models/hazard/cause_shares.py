"""The share of each churn cause among customers who churn: the second half of a hazard with competing causes.

    hazard of a cause  =  hazard of churn  x  share of the cause among customers who churn at that time

The shares come from a ridge-penalised multinomial logistic regression on the churned customers who stated a cause.
Customers without a stated cause still count in the hazard of churn, and the causes add up to the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression

from core.churn_causes import OTHER
from core.feature_table import FeatureColumn
from models.churn.customer_folds import MIN_CUSTOMERS
from models.churn.design_matrix import DesignMatrix

REGULARIZATIONS = (10.0, 100.0)
"Half of it times the squared norm of the weights is added to the total log loss; folds choose."
N_FOLDS = 3


@dataclass(frozen=True)
class CauseShares:
    """Predicts the share of each cause among customers who churn."""

    causes: tuple[str, ...]
    "Sorted, at least two."
    design: DesignMatrix
    weights: NDArray[np.float64]
    "(causes, p + 1): weights of the design columns, and last the intercept."

    @classmethod
    def fit(
        cls,
        values: NDArray[np.float64],
        columns: tuple[FeatureColumn, ...],
        *,
        stated_causes: NDArray[np.str_],
        customer_ids: NDArray[np.str_],
        seed: int,
    ) -> Self | None:
        """Fit on churned rows: values (n, m), causes and ids, (n,) each; None where fewer than two causes remain."""
        has_cause = stated_causes != ""
        values, customer_ids = values[has_cause], customer_ids[has_cause]
        stated_causes = merge_rare_causes(stated_causes[has_cause], customer_ids)
        causes, codes = np.unique(stated_causes, return_inverse=True)
        if len(causes) < 2:
            return None
        matrix = DesignMatrix.fit(values, columns)
        design = matrix.transform(values)
        folds = _random_folds(customer_ids, seed)
        losses = [_evaluate_penalty(design, codes, folds=folds, regularization=one) for one in REGULARIZATIONS]
        best = REGULARIZATIONS[int(np.argmin(losses))]
        weights = _fit_weights(design, codes, n_causes=len(causes), regularization=best)
        return cls(tuple(causes.tolist()), matrix, weights)

    def predict(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The shares, (n, causes); rows sum to 1."""
        return softmax(_log_odds(self.design.transform(values), self.weights), axis=1)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The fitted state without the causes."""
        design = {f"causes_{name}": array for name, array in self.design.arrays().items()}
        return {"causes_weights": self.weights, **design}

    @classmethod
    def from_arrays(cls, causes: tuple[str, ...], arrays: dict[str, NDArray[Any]]) -> Self:
        """The inverse of `arrays`, which may hold other arrays too."""
        own = {name.removeprefix("causes_"): array for name, array in arrays.items() if name.startswith("causes_")}
        weights = own.pop("weights")
        return cls(causes, DesignMatrix(**own), weights)


def merge_rare_causes(stated_causes: NDArray[np.str_], customer_ids: NDArray[np.str_]) -> NDArray[np.str_]:
    """The causes, (n,), with those that fewer than ten customers stated merged into `other`.

    Where the merged causes have fewer than ten customers together, the rarest remaining cause is merged as well.
    """
    n_customers = {
        cause: len(np.unique(customer_ids[stated_causes == cause])) for cause in np.unique(stated_causes).tolist()
    }
    merged: set[str] = set()
    for cause in sorted(n_customers, key=lambda one: (one != OTHER, n_customers[one])):
        if n_customers[cause] < MIN_CUSTOMERS or 0 < sum(n_customers[one] for one in merged) < MIN_CUSTOMERS:
            merged.add(cause)
    return np.where(np.isin(stated_causes, list(merged)), OTHER, stated_causes)


def _random_folds(customer_ids: NDArray[np.str_], seed: int) -> NDArray[np.int64]:
    _, owners = np.unique(customer_ids, return_inverse=True)
    return np.random.default_rng(seed).integers(0, N_FOLDS, owners.max() + 1)[owners]


def _evaluate_penalty(
    design: NDArray[np.float64], codes: NDArray[np.int64], *, folds: NDArray[np.int64], regularization: float
) -> float:
    n_causes, loss = codes.max() + 1, 0.0
    for fold in np.unique(folds):
        held = folds == fold
        if len(np.unique(codes[~held])) < n_causes:
            continue
        weights = _fit_weights(design[~held], codes[~held], n_causes=n_causes, regularization=regularization)
        log_odds = _log_odds(design[held], weights)
        loss -= log_softmax(log_odds, axis=1)[np.arange(held.sum()), codes[held]].sum()
    return float(loss)


def _fit_weights(
    design: NDArray[np.float64], codes: NDArray[np.int64], *, n_causes: int, regularization: float
) -> NDArray[np.float64]:
    if not design.shape[1]:  # no feature varies among churned customers: the shares are the same for all
        return np.log(np.bincount(codes, minlength=n_causes) / len(codes))[:, None]
    model = LogisticRegression(C=1.0 / regularization, max_iter=1000)
    model.fit(design, codes)
    weights = np.column_stack([model.coef_, model.intercept_])
    return weights if n_causes > 2 else np.vstack([np.zeros_like(weights), weights])


def _log_odds(design: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return design @ weights[:, :-1].T + weights[:, -1]
