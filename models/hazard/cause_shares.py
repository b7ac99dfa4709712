"""Of who leaves, which cause: the second half of a hazard with competing causes.

    hazard of a cause  =  hazard of leaving  x  share of the cause among those who leave just then

The shares are a ridge-penalised multinomial logistic regression on the churners whose cause was stated, so that
churners who said nothing still count in the hazard of leaving, and the causes add up to the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression

from core.churn_causes import OTHER
from core.feature_table import FeatureColumn
from models.churn.customer_folds import LEAST_CUSTOMERS
from models.churn.design_matrix import DesignMatrix

CHOICE = (10.0, 100.0)
"Half of it times the squared length of the weights is added to the summed log loss; folds choose."
N_FOLDS = 3


@dataclass(frozen=True)
class CauseShares:
    """Which share of those who leave has each cause."""

    causes: tuple[str, ...]
    "Sorted, at least two."
    design: DesignMatrix
    weights: np.ndarray
    "(causes, p + 1): of the design columns, and last the intercept."

    @classmethod
    def learnt(
        cls,
        values: np.ndarray,
        columns: tuple[FeatureColumn, ...],
        stated: np.ndarray,
        customer_ids: np.ndarray,
        seed: int,
    ) -> Self | None:
        """From churners: values (n, m), their causes and ids, (n,) each; None where fewer than two causes remain."""
        told = stated != ""
        values, customer_ids = values[told], customer_ids[told]
        stated = gathered(stated[told], customer_ids)
        causes, codes = np.unique(stated, return_inverse=True)
        if len(causes) < 2:
            return None
        design = DesignMatrix.learnt_from(values, columns)
        shaped = design.transform(values)
        folds = _folds(customer_ids, seed)
        losses = [_held_out_loss(shaped, codes, folds, strength) for strength in CHOICE]
        weights = _weights(shaped, codes, len(causes), CHOICE[int(np.argmin(losses))])
        return cls(tuple(causes.tolist()), design, weights)

    def of(self, values: np.ndarray) -> np.ndarray:
        """(n, causes) shares that add up to 1."""
        return softmax(_said(self.design.transform(values), self.weights), axis=1)

    def arrays(self) -> dict[str, np.ndarray]:
        """What rebuilds it, beside the causes."""
        named = {f"causes_{name}": array for name, array in self.design.arrays().items()}
        return {"causes_weights": self.weights, **named}

    @classmethod
    def restored(cls, causes: tuple[str, ...], arrays: dict[str, np.ndarray]) -> Self:
        """The reverse of `arrays`, which may hold others too."""
        own = {name.removeprefix("causes_"): array for name, array in arrays.items() if name.startswith("causes_")}
        weights = own.pop("weights")
        return cls(causes, DesignMatrix(**own), weights)


def gathered(stated: np.ndarray, customer_ids: np.ndarray) -> np.ndarray:
    """The causes, (n,), where those that fewer than ten customers stated are `other`.

    Where even the others are fewer than ten together, the least frequent cause that remains joins them.
    """
    n_customers = {cause: len(np.unique(customer_ids[stated == cause])) for cause in np.unique(stated).tolist()}
    others: set[str] = set()
    for cause in sorted(n_customers, key=lambda one: (one != OTHER, n_customers[one])):
        if n_customers[cause] < LEAST_CUSTOMERS or 0 < sum(n_customers[one] for one in others) < LEAST_CUSTOMERS:
            others.add(cause)
    return np.where(np.isin(stated, list(others)), OTHER, stated)


def _folds(customer_ids: np.ndarray, seed: int) -> np.ndarray:
    _, owners = np.unique(customer_ids, return_inverse=True)
    return np.random.default_rng(seed).integers(0, N_FOLDS, owners.max() + 1)[owners]


def _held_out_loss(design: np.ndarray, codes: np.ndarray, folds: np.ndarray, regularization: float) -> float:
    n_causes, loss = codes.max() + 1, 0.0
    for fold in np.unique(folds):
        held = folds == fold
        if len(np.unique(codes[~held])) < n_causes:
            continue
        said = _said(design[held], _weights(design[~held], codes[~held], n_causes, regularization))
        loss -= log_softmax(said, axis=1)[np.arange(held.sum()), codes[held]].sum()
    return float(loss)


def _weights(design: np.ndarray, codes: np.ndarray, n_causes: int, regularization: float) -> np.ndarray:
    if not design.shape[1]:  # nothing varies among those who left: the causes have the shares that they have
        return np.log(np.bincount(codes, minlength=n_causes) / len(codes))[:, None]
    model = LogisticRegression(C=1.0 / regularization, max_iter=1000)
    model.fit(design, codes)
    weights = np.column_stack([model.coef_, model.intercept_])
    return weights if n_causes > 2 else np.vstack([np.zeros_like(weights), weights])


def _said(design: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return design @ weights[:, :-1].T + weights[:, -1]
