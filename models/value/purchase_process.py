"""Purchases as a random process: customers buy at their own rate until they leave, which no record shows.

    first order                     last order                  cutoff
    |----x-----------x--------------x---------------------------)
    |<------------- recency, t_x --->|                          |
    |<--------------------------- age, T ---------------------->|

The repeat orders x, the recency t_x and the age T of a customer are all that these models need (Fader, Hardie & Lee
2005). Time is in weeks. Likelihoods are computed in logarithms, once for each different (x, t_x, T).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import hyp2f1

from core.errors import NotEnoughHistory

MAX_LOG_PARAMETER = 9.0
"Parameters lie between e^-9 and e^9: beyond, customers do not differ, and the likelihood is flat."
PENALTY = 0.001
"Times the squared logarithm of each parameter: keeps the parameters of a handful of customers finite."
MIN_REPEAT_CUSTOMERS = 10
MAX_FITTED_CUSTOMERS = 25_000
"More say nothing new about four parameters; they are sampled at random."
NEAR_ONE = 1e-6
MAX_TERMS = 5_000
"Of a series; z = .99 needs about 3,000."


@dataclass(frozen=True)
class OrderRecords:
    """What the process models know of customers who have ordered; every array is (n,)."""

    frequency: NDArray[np.float64]
    "Days with an order after the first, x."
    recency_weeks: NDArray[np.float64]
    "From the first to the last order, t_x; 0 without a repeat order."
    age_weeks: NDArray[np.float64]
    "From the first order to the last day before the cutoff, T."

    def __len__(self) -> int:
        return len(self.frequency)

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> OrderRecords:
        """The customers that an index array or mask selects."""
        return OrderRecords(self.frequency[rows], self.recency_weeks[rows], self.age_weeks[rows])

    def unique(self) -> tuple[OrderRecords, NDArray[np.float64]]:
        """Each different record once, and the number of customers with it."""
        stacked = np.column_stack([self.frequency, self.recency_weeks, self.age_weeks])
        records, counts = np.unique(stacked, axis=0, return_counts=True)
        return OrderRecords(*records.T), counts.astype(np.float64)


class PurchaseProcess(ABC):
    """A model of repeat orders with positive parameters that all customers share."""

    parameter_names: ClassVar[tuple[str, ...]]

    def __init__(self, parameters: NDArray[np.float64]) -> None:
        self.parameters = parameters

    @classmethod
    def fit(cls, records: OrderRecords, *, seed: int = 0, start: NDArray[np.float64] | None = None) -> Self:
        """The parameters of the highest likelihood. Raises NotEnoughHistory with too few repeat customers.

        `start` are parameters of similar records, from which the search is short.
        """
        n_repeat = int((records.frequency > 0).sum())
        if n_repeat < MIN_REPEAT_CUSTOMERS:
            raise NotEnoughHistory(
                f"{n_repeat} of {len(records):,} customers have ordered on a second day; a model of repeat orders "
                f"needs {MIN_REPEAT_CUSTOMERS}"
            )
        if len(records) > MAX_FITTED_CUSTOMERS:
            records = records.take(np.random.default_rng(seed).permutation(len(records))[:MAX_FITTED_CUSTOMERS])
        unique, counts = records.unique()

        def loss(log_parameters: NDArray[np.float64]) -> float:
            likelihood = counts @ cls(np.exp(log_parameters)).log_likelihood(unique)
            return float(PENALTY * (log_parameters**2).sum() - likelihood) / len(records)

        bounds = [(-MAX_LOG_PARAMETER, MAX_LOG_PARAMETER)] * len(cls.parameter_names)
        starts = cls.starts(records) if start is None else [np.log(start)]
        fits = [
            minimize(loss, first, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-11, "gtol": 1e-7})
            for first in starts
        ]
        return cls(np.exp(min(fits, key=lambda fit: fit.fun).x))

    @classmethod
    def starts(cls, records: OrderRecords) -> list[NDArray[np.float64]]:
        """Logarithms of parameters from which the search begins: customers order at the mean rate and rarely leave."""
        rate = records.frequency.sum() / max(records.age_weeks.sum(), 1.0)
        return [np.log([1.0, 1.0 / rate, 1.0, weeks]) for weeks in cls.start_scales]

    start_scales: ClassVar[tuple[float, ...]] = (4.0,)
    "Of the last parameter."

    @abstractmethod
    def log_likelihood(self, records: OrderRecords) -> NDArray[np.float64]:
        """The logarithm of the likelihood of each record, (n,)."""

    @abstractmethod
    def p_alive(self, records: OrderRecords) -> NDArray[np.float64]:
        """P(the customer will still order | record), (n,)."""

    @abstractmethod
    def predict_if_alive(self, records: OrderRecords, weeks: float) -> NDArray[np.float64]:
        """The orders expected within these weeks of customers who have not left, (n,)."""

    def predict_orders(self, records: OrderRecords, weeks: float) -> NDArray[np.float64]:
        """The orders expected within these weeks after the cutoff, (n,)."""
        return self.p_alive(records) * self.predict_if_alive(records, weeks)

    def weeks_to_next(self, records: OrderRecords, share: float) -> NDArray[np.float64]:
        """The weeks within which a share of customers with this record order again, of those who do not leave, (n,).

        The rate of a customer has a Gamma distribution with shape r + x and rate alpha + T, so the time to the next
        order has a Lomax distribution.
        """
        shape, scale = self.parameters[0] + records.frequency, self.parameters[1] + records.age_weeks
        return scale * np.expm1(-np.log1p(-share) / shape)


def predict_until_dropout(
    *,
    dropout_a: float,
    dropout_b: NDArray[np.float64],
    shape: NDArray[np.float64],
    scale: NDArray[np.float64],
    weeks: float,
) -> NDArray[np.float64]:
    """E[(1 - exp(-lambda p t)) / p]: orders of a customer that may leave after each, with probability p, (n,).

    p ~ Beta(dropout_a, dropout_b), lambda ~ Gamma(shape, rate=scale). This is equation (10) of Fader, Hardie & Lee
    (2005):

        c / (a - 1) * (1 - (1 - z)^shape * 2F1(shape, b; c; z))                c = a + b - 1, z = t / (scale + t)
        c / (a - 1) * (1 - (1 - z)^(a - 1) * 2F1(c - shape, a - 1; c; z))      after Euler's transformation

    The second form keeps the arguments small where x is large; near z = 1 each is finite where the other is not.
    """
    a = dropout_a if abs(dropout_a - 1.0) > NEAR_ONE else 1.0 + NEAR_ONE
    c, z = a + dropout_b - 1.0, weeks / (scale + weeks)
    is_finite = shape > a - 1.0
    power = np.where(is_finite, a - 1.0, shape)
    first, second = np.where(is_finite, c - shape, shape), np.where(is_finite, a - 1.0, dropout_b)
    stayed = np.exp(power * np.log1p(-z)) * hypergeometric(a=first, b=second, c=c, z=z)
    orders = c / (a - 1.0) * (1.0 - stayed)
    # Beyond the range of the hypergeometric function, p hardly varies: its mean is as good.
    mean_p = a / (a + dropout_b)
    orders = np.where(np.isfinite(orders), orders, -np.expm1(-shape * np.log1p(mean_p * weeks / scale)) / mean_p)
    # Rounding may leave the bounds: no order, and the orders of a customer who never leaves.
    return np.clip(orders, 0.0, shape / scale * weeks)


def hypergeometric(
    *, a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64], z: NDArray[np.float64]
) -> NDArray[np.float64]:
    """2F1(a, b; c; z) for z in [0, 1), (n,).

    SciPy's is infinite for some arguments with a large c and z near 1. There the series converges fast.
    """
    values = hyp2f1(a, b, c, z)
    rows = ~np.isfinite(values)
    if rows.any():
        a, b, c, z = (np.broadcast_to(one, values.shape)[rows] for one in (a, b, c, z))
        term, total = np.ones_like(z), np.ones_like(z)
        for k in range(MAX_TERMS):
            term = term * (a + k) * (b + k) / ((c + k) * (k + 1.0)) * z
            total += term
            if not (np.abs(term) > 1e-12 * np.abs(total)).any():
                break
        values[rows] = total
    return values
