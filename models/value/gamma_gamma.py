"""Gamma-Gamma (Fader & Hardie 2013): the mean amount of an order, shrunk to that of all customers.

    amount of an order    z ~ Gamma(p, nu), nu differs between customers: nu ~ Gamma(q, gamma)
    E[mean amount | n orders with mean m] = p * (gamma + n m) / (p n + q - 1)

It assumes that amounts do not depend on how often a customer orders.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaln

from models.value.purchase_process import MAX_FITTED_CUSTOMERS, MAX_LOG_PARAMETER, PENALTY

MIN_CUSTOMERS = 10
MIN_Q = 1.05
"At q = 1 the mean amount of a customer without orders is infinite."


@dataclass(frozen=True)
class GammaGamma:
    """The parameters p, q and gamma."""

    p: float
    q: float
    gamma: float

    @classmethod
    def fit(cls, orders: NDArray[np.float64], means: NDArray[np.float64], *, seed: int = 0) -> Self | None:
        """Fit on the number of orders and their mean amount, (n,) each. Amounts of 0 or less are left out.

        None with fewer than ten customers.
        """
        usable = np.flatnonzero((orders > 0) & (means > 0))
        if len(usable) < MIN_CUSTOMERS:
            return None
        rows = np.random.default_rng(seed).permutation(usable)[:MAX_FITTED_CUSTOMERS]
        scale = float(np.median(means[rows]))
        stacked, counts = np.unique(np.column_stack([orders[rows], means[rows] / scale]), axis=0, return_counts=True)
        n, mean = stacked.T

        def loss(logs: NDArray[np.float64]) -> float:
            p, q, gamma = np.exp(logs)
            likelihood = (
                gammaln(p * n + q) - gammaln(p * n) - gammaln(q) + q * np.log(gamma) + (p * n - 1) * np.log(mean)
            ) + (p * n * np.log(n) - (p * n + q) * np.log(gamma + n * mean))
            return float(PENALTY * (logs**2).sum() - counts @ likelihood) / len(rows)

        bounds = [(-MAX_LOG_PARAMETER, MAX_LOG_PARAMETER), (np.log(MIN_Q), MAX_LOG_PARAMETER), (-9.0, 9.0)]
        p, q, gamma = np.exp(minimize(loss, np.log([2.0, 3.0, 2.0]), method="L-BFGS-B", bounds=bounds).x)
        return cls(float(p), float(q), float(gamma * scale))

    def predict_amount(self, orders: NDArray[np.float64], means: NDArray[np.float64]) -> NDArray[np.float64]:
        """The expected amount of the next order, (n,); without orders it is that of all customers."""
        n = np.where(means > 0, np.nan_to_num(orders), 0.0)
        return self.p * (self.gamma + n * np.where(n > 0, means, 0.0)) / (self.p * n + self.q - 1.0)
