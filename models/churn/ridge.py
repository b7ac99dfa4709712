"""The weights of a logistic regression with a ridge penalty, by Newton's method; the lowest loss is unique.

    step = -(second derivatives + penalties)^-1 * gradient

The second derivatives cost a hundred times as much as the gradient, so they are kept while each step brings the loss
ten times closer to the lowest one: over several penalties, few are computed.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit, logit

TOLERANCE = 1e-3
"In nats over all rows together, how far the loss may be above the lowest one; chance moves it by half a nat a weight."
MAX_STEPS, MAX_HALVINGS = 200, 40
KEPT_WHILE = 0.1
"The second derivatives are computed again once a step leaves more than this share of the distance."
BLOCK_ROWS = 4096
"Rows whose second derivatives are summed at a time."
MIN_RATE = 1e-4
JITTER = 1e-10
"Share of the largest second derivative that is added to all, so that duplicate columns can be solved for."


class RidgeLogistic:
    """Logistic regressions of the same rows; each fit starts from the weights of the one before."""

    def __init__(self, design: NDArray[np.floating], churned: NDArray[np.float64]) -> None:
        """From design columns (n, p), without one for the intercept, and outcomes (n,)."""
        # Four bytes a number are exact to far less than chance moves a weight, and halve the work.
        self._design = np.empty((len(design), design.shape[1] + 1), np.float32)
        self._design[:, :-1], self._design[:, -1] = design, 1
        self._churned = churned
        self._weights: NDArray[np.float64] | None = None
        self._second: NDArray[np.float64] | None = None

    def take(self, rows: NDArray[np.integer]) -> Self:
        """Some rows, whose first fit starts from the weights of these rows' last one."""
        other = object.__new__(type(self))
        other._design, other._churned = self._design[rows], self._churned[rows]
        other._weights, other._second = self._weights, None
        return other

    def log_odds(self, weights: NDArray[np.float64], rows: NDArray[np.integer]) -> NDArray[np.float64]:
        """The log-odds of some rows by weights with the intercept last."""
        return self._design[rows].astype(np.float64) @ weights

    def fit(self, penalties: NDArray[np.float64], *, row_weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """The weights, (p + 1,), the intercept last.

        `penalties` is (p,): half of it times the squared weight is added to the total log loss. The intercept has
        none. `row_weights` says how much each row counts, (n,).
        """
        ridge = np.append(penalties, 0.0)
        weights = self._start(row_weights) if self._weights is None else self._weights
        log_odds, distance = self._times(weights), np.inf
        for _ in range(MAX_STEPS):
            probability = expit(log_odds)
            gradient = self._sum_over_rows(row_weights * (probability - self._churned)) + ridge * weights
            if self._second is None:
                self._second = self._second_derivatives(row_weights * probability * (1 - probability))
            step = _solve(self._second, ridge=ridge, gradient=gradient)
            remaining = float(-gradient @ step) / 2
            if remaining <= TOLERANCE:
                break
            if remaining > KEPT_WHILE * distance:
                self._second = self._second_derivatives(row_weights * probability * (1 - probability))
                step = _solve(self._second, ridge=ridge, gradient=gradient)
                remaining = float(-gradient @ step) / 2
            size, log_odds = self._search_along(
                step, weights=weights, log_odds=log_odds, ridge=ridge, row_weights=row_weights
            )
            if not size:
                break
            weights, distance = weights + size * step, remaining
        self._weights = weights
        return weights

    def _search_along(
        self,
        step: NDArray[np.float64],
        *,
        weights: NDArray[np.float64],
        log_odds: NDArray[np.float64],
        ridge: NDArray[np.float64],
        row_weights: NDArray[np.float64],
    ) -> tuple[float, NDArray[np.float64]]:
        """The largest of 1, 1/2, 1/4, ... by which the step lowers the loss, 0 if none does; with the new log-odds."""
        added = self._times(step)

        def loss(size: float) -> float:
            moved, shifted = weights + size * step, log_odds + size * added
            return float(row_weights @ (np.logaddexp(0, shifted) - self._churned * shifted) + ridge @ moved**2 / 2)

        before = loss(0.0)
        for size in 0.5 ** np.arange(MAX_HALVINGS):
            if loss(size) < before:
                return float(size), log_odds + size * added
        return 0.0, log_odds

    def _start(self, row_weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Every customer has the mean probability."""
        weights = np.zeros(self._design.shape[1])
        weights[-1] = logit(np.clip(np.average(self._churned, weights=row_weights), MIN_RATE, 1 - MIN_RATE))
        return weights

    def _times(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        return (self._design @ weights.astype(np.float32)).astype(np.float64)

    def _sum_over_rows(self, of_rows: NDArray[np.float64]) -> NDArray[np.float64]:
        return (of_rows.astype(np.float32) @ self._design).astype(np.float64)

    def _second_derivatives(self, of_rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of the log loss without penalties, (p + 1, p + 1)."""
        roots = np.sqrt(of_rows).astype(np.float32)[:, None]
        total = np.zeros((self._design.shape[1],) * 2)
        for start in range(0, len(roots), BLOCK_ROWS):
            rows = slice(start, start + BLOCK_ROWS)
            block = self._design[rows] * roots[rows]
            total += block.T @ block
        return total


def _solve(
    second: NDArray[np.float64], *, ridge: NDArray[np.float64], gradient: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The step of Newton's method."""
    matrix = second + np.diag(ridge + JITTER * (second.diagonal().max() + ridge.max(initial=0)))
    return -cho_solve(cho_factor(matrix, overwrite_a=True), gradient)
