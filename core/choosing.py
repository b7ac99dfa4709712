"""The one-standard-error rule (Breiman et al. 1984, section 3.4.3), with paired differences.

    shortfall of a model = mean over rows of (metric of the best model - its metric)

The simplest model is chosen whose shortfall is at most one standard error of that shortfall. Pairing removes what all
models have in common, such as how hard a customer is to predict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax


@dataclass(frozen=True)
class Shortfall:
    """How much worse a model is than the best one, with the standard error."""

    value: float
    standard_error: float

    @property
    def is_within_one_standard_error(self) -> bool:
        """Whether the model is as good as the best one, by the rule."""
        return self.value <= self.standard_error

    def __str__(self) -> str:
        return f"{self.value:.4f} (standard error {self.standard_error:.4f})"


def mean_with_standard_error(customer_ids: NDArray[np.str_], values: NDArray[np.float64]) -> Shortfall:
    """The mean over (rows,) values and its standard error; rows of one customer are not independent (cluster-robust).

    The standard error of a single customer is infinite.
    """
    _, owners = np.unique(customer_ids, return_inverse=True)
    n_customers = int(owners.max()) + 1
    mean = float(values.mean())
    if n_customers < 2:
        return Shortfall(mean, float("inf"))
    deviations = np.bincount(owners, values - mean)
    variance = (deviations**2).sum() / len(values) ** 2 * n_customers / (n_customers - 1)
    return Shortfall(mean, float(np.sqrt(variance)))


def choose_simplest(customer_ids: NDArray[np.str_], metrics: Mapping[str, NDArray[np.float64]]) -> str:
    """The simplest model within one standard error of the one with the highest mean.

    `metrics` holds (rows,) values by model on the same rows, higher is better, the simplest model first.
    """
    best = max(metrics, key=lambda name: metrics[name].mean())
    return next(
        name
        for name, values in metrics.items()
        if name == best or mean_with_standard_error(customer_ids, metrics[best] - values).is_within_one_standard_error
    )


def weigh_models(
    customer_ids: NDArray[np.str_], log_likelihoods: Mapping[str, NDArray[np.float64]]
) -> dict[str, float]:
    """The share of each model in an average: pseudo-Bayesian model averaging (Yao et al. 2018, Bayesian Analysis 13).

        share of a model ~ exp(number of customers * mean over rows of its held-out log likelihood)

    `log_likelihoods` holds (rows,) values by model on the same held-out rows. Rows of one customer count as one.
    """
    totals = np.array([values.mean() for values in log_likelihoods.values()]) * len(np.unique(customer_ids))
    return dict(zip(log_likelihoods, softmax(totals).tolist(), strict=True))
