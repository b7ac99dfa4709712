"""Pareto/NBD (Schmittlein, Morrison & Colombo 1987): a customer may leave at any moment.

    rate of orders a week     lambda ~ Gamma(r, alpha)
    rate of leaving a week    mu ~ Gamma(s, beta)

P(left before the cutoff, record) is an integral over the moment of leaving (Fader & Hardie 2005). It is usually written
as a difference of two hypergeometric functions, which cancel for frequent customers. Here it is computed as an integral
of a smooth positive function, by Gauss-Legendre quadrature:

    y = (alpha + t_x) / (alpha + tau)      tau is the moment of leaving, from t_x to T
    integral of (alpha + tau)^-(r + x) (beta + tau)^-(s + 1) over tau
      = (alpha + t_x)^(1 - r - x) / m * integral of y^(r + x - 1 - m) (beta + tau)^-(s + 1) over q = y^m

The exponent m is the one with which the integrand decays most slowly: what is left to integrate over q is nearly flat.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, gammaln

from models.value.process_model import ProcessModel
from models.value.purchase_process import OrderRecords, PurchaseProcess

NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(24)
NODES, LOG_NODE_WEIGHTS = (NODES + 1) / 2, np.log(NODE_WEIGHTS / 2)
"On [0, 1]."
SMALLEST = 1e-300
SMALLEST_DECAY = 0.25


class ParetoNbdProcess(PurchaseProcess):
    """Its parameters are r, alpha, s and beta."""

    parameter_names: ClassVar[tuple[str, ...]] = ("r", "alpha", "s", "beta")
    start_scales: ClassVar[tuple[float, ...]] = (15.0,)

    def log_likelihood(self, records: OrderRecords) -> NDArray[np.float64]:
        """Equation (18) of Fader & Hardie's "A note on deriving the Pareto/NBD model" (2005)."""
        r, alpha, s, beta = self.parameters
        ordered = gammaln(r + records.frequency) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
        return ordered + np.logaddexp(self._log_alive(records), self._log_left(records))

    def p_alive(self, records: OrderRecords) -> NDArray[np.float64]:
        """Below 1 for every customer."""
        return expit(self._log_alive(records) - self._log_left(records))

    def predict_if_alive(self, records: OrderRecords, weeks: float) -> NDArray[np.float64]:
        """Equation (41) of the same note, without P(alive)."""
        r, alpha, s, beta = self.parameters
        a_week = (r + records.frequency) / (alpha + records.age_weeks)
        age = beta + records.age_weeks
        log_growth = np.log1p(weeks / age)
        # (1 - exp(-(s - 1) g)) / (s - 1), which is g at s = 1.
        staying = log_growth if abs(s - 1.0) < 1e-9 else -np.expm1(-(s - 1.0) * log_growth) / (s - 1.0)
        return a_week * age * staying

    def _log_alive(self, records: OrderRecords) -> NDArray[np.float64]:
        r, alpha, s, beta = self.parameters
        return -(r + records.frequency) * np.log(alpha + records.age_weeks) - s * np.log(beta + records.age_weeks)

    def _log_left(self, records: OrderRecords) -> NDArray[np.float64]:
        r, alpha, s, beta = self.parameters
        x, first, last = records.frequency, records.recency_weeks, records.age_weeks
        decays = [r + x - 1.0 + (s + 1.0) * (alpha + tau) / (beta + tau) for tau in (first, last)]
        m = np.maximum(np.minimum(*decays), SMALLEST_DECAY)
        log_start = np.log(alpha + first)
        width = -np.expm1(m * (log_start - np.log(alpha + last)))
        log_y = np.log1p(-width[:, None] * NODES) / m[:, None]
        tau = first[:, None] + (alpha + first)[:, None] * np.expm1(-log_y)
        logs = LOG_NODE_WEIGHTS + (r + x - 1.0 - m)[:, None] * log_y - (s + 1.0) * np.log(beta + tau)
        largest = logs.max(axis=1)
        summed = largest + np.log(np.exp(logs - largest[:, None]).sum(axis=1))
        return np.log(s) + (1.0 - r - x) * log_start - np.log(m) + np.log(np.maximum(width, SMALLEST)) + summed


@dataclass(eq=False)
class ParetoNbd(ProcessModel):
    """Value by Pareto/NBD and Gamma-Gamma."""

    name: ClassVar[str] = "pareto_nbd"
    process_type: ClassVar[type[PurchaseProcess]] = ParetoNbdProcess


MODEL = ParetoNbd
