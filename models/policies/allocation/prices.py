"""Prices of scarce resources, by Lagrangian dual descent.

    bound(prices) = prices . limits + sum over customers of max(0, max over options of value - prices . usage)

Every price vector gives an upper bound of the best total value (Fisher 1981); the lowest bound is that of the linear
relaxation, which is close to the best choice where customers are many and resources few. The bound has kinks, so a
smooth one is minimised instead, with ever sharper maxima (Nesterov 2005): temperature x log(1 + sum of exp) lies above
the maximum by at most temperature x log(m + 1) for each customer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from models.policies.allocation.problem import AllocationProblem

TEMPERATURES = (0.1, 0.01, 0.001, 0.0001)
"Of the mean value of a contact, from smooth to sharp."
MAX_ITERATIONS = 60
"At each temperature."


@dataclass(frozen=True)
class Dual:
    """The bound as a function of prices, scaled so that each price is at most about 1."""

    problem: AllocationProblem
    values: NDArray[np.float64]
    "(n, m); -inf where a contact is not possible."
    scale: float
    "Total value without any limit."

    @classmethod
    def of(cls, problem: AllocationProblem) -> Dual:
        """Set impossible contacts to -inf."""
        values = np.where(problem.is_possible, problem.values, -np.inf)
        best = values.max(axis=1, initial=0.0)
        return cls(problem, values, float(best.sum()))

    @property
    def units(self) -> NDArray[np.float64]:
        """The price, in value per unit of each resource, that a scaled price of 1 stands for, (r,)."""
        # Of a resource with the limit 0 nothing is possible, so that its price does not matter.
        limits = self.problem.limits()
        return np.divide(self.scale, limits, out=np.zeros_like(limits), where=limits > 0)

    def values_after(self, prices: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values less what each contact uses at these prices, (n, m)."""
        by_option, by_customer = np.zeros(self.values.shape[1]), None
        for price, resource in zip(prices, self.problem.resources, strict=True):
            if resource.usage.ndim == 1:
                by_option += price * resource.usage
            elif price:
                by_customer = price * resource.usage + (0.0 if by_customer is None else by_customer)
        reduced = self.values - by_option
        return reduced if by_customer is None else reduced - by_customer

    def bound(self, prices: NDArray[np.float64]) -> float:
        """The upper bound of the best total value."""
        best = self.values_after(prices).max(axis=1, initial=0.0)
        return float(prices @ self.problem.limits() + best.sum())

    def smooth_bound(self, scaled: NDArray[np.float64], temperature: float) -> tuple[float, NDArray[np.float64]]:
        """The smooth bound and its gradient by the scaled prices, both divided by the scale."""
        prices = scaled * self.units
        reduced = self.values_after(prices)
        best = reduced.max(axis=1, initial=0.0)
        shares = np.exp((reduced - best[:, None]) / temperature)
        total = np.exp(-best / temperature) + shares.sum(axis=1)
        value = prices @ self.problem.limits() + best.sum() + temperature * np.log(total).sum()
        shares /= total[:, None]
        by_option = shares.sum(axis=0)
        used = np.array(
            [
                by_option @ resource.usage if resource.usage.ndim == 1 else np.vdot(shares, resource.usage)
                for resource in self.problem.resources
            ]
        )
        return float(value) / self.scale, (self.problem.limits() - used) * self.units / self.scale


def find_prices(dual: Dual) -> NDArray[np.float64]:
    """The prices with the lowest bound found, (r,); 0 for resources that suffice for all customers."""
    n_possible = int(np.isfinite(dual.values).any(axis=1).sum())
    scaled = np.zeros(len(dual.problem.resources))
    if not n_possible or not len(scaled):
        return scaled
    mean = dual.scale / n_possible
    candidates = [scaled]
    for temperature in TEMPERATURES:
        result = minimize(
            dual.smooth_bound,
            candidates[-1],
            args=(temperature * mean,),
            method="L-BFGS-B",
            jac=True,
            bounds=[(0.0, None)] * len(scaled),
            options={"maxiter": MAX_ITERATIONS, "ftol": 1e-9, "gtol": 1e-7},
        )
        candidates.append(result.x)
    return min((one * dual.units for one in candidates), key=dual.bound)
