"""Metrics of predicted customer value against what customers brought in afterwards.

    mae                mean absolute error, base currency
    relative_mae       the same as a share of the mean value
    correlation        of prediction and outcome, over customers
    gini               how well the prediction ranks customers: its Gini over that of a perfect ranking
    total_bias         predicted total over actual total, less 1
    decile_error       distance of predicted and actual totals over tenths of the customers, as a share of the total
    orders_mae         mean absolute error of the orders

Every figure is computed for many bootstrap samples at once, given as weights (samples, rows).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.customer_value import ValueForecast, ValueOutcomes
from core.errors import BadInput
from core.intervals import N_RESAMPLES, Estimate, estimate_intervals
from core.model_card import Comparison, Metric

N_DECILES = 10
MAE, RELATIVE_MAE, CORRELATION, GINI = "mae", "relative_mae", "correlation", "gini"
TOTAL_BIAS, DECILE_ERROR, ORDERS_MAE = "total_bias", "decile_error", "orders_mae"
METRICS = (MAE, RELATIVE_MAE, CORRELATION, GINI, TOTAL_BIAS, DECILE_ERROR)

Weights = NDArray[np.float64]
"(samples, rows)."


@dataclass(frozen=True)
class PredictedTotals:
    """Predictions and outcomes of (n,) customers; every statistic takes weights and gives (samples,)."""

    predicted: NDArray[np.float64]
    actual: NDArray[np.float64]

    def __post_init__(self) -> None:
        if len(self.predicted) != len(self.actual):
            raise BadInput(f"{len(self.predicted)} predictions and {len(self.actual)} outcomes are not the same rows")

    @property
    def errors(self) -> NDArray[np.float64]:
        """Absolute errors, (n,)."""
        return np.abs(self.predicted - self.actual)

    def statistics(self) -> dict[str, Callable[[Weights], NDArray[np.float64]]]:
        """Every metric by name."""
        return {
            MAE: lambda weights: weights @ self.errors / weights.sum(axis=1),
            RELATIVE_MAE: self.relative_mae,
            CORRELATION: self.correlation,
            GINI: self.gini,
            TOTAL_BIAS: lambda weights: _divide(weights @ self.predicted, weights @ self.actual) - 1.0,
            DECILE_ERROR: self.decile_error,
        }

    def relative_mae(self, weights: Weights) -> NDArray[np.float64]:
        """The mean absolute error over the mean value."""
        return _divide(weights @ self.errors, weights @ self.actual)

    def correlation(self, weights: Weights) -> NDArray[np.float64]:
        """Pearson's; NaN where either does not vary."""
        share = weights / weights.sum(axis=1, keepdims=True)
        mean_x, mean_y = share @ self.predicted, share @ self.actual
        covariance = share @ (self.predicted * self.actual) - mean_x * mean_y
        variances = (share @ self.predicted**2 - mean_x**2) * (share @ self.actual**2 - mean_y**2)
        return _divide(covariance, np.sqrt(np.maximum(variances, 0.0)))

    def gini(self, weights: Weights) -> NDArray[np.float64]:
        """1 for a perfect ranking, 0 for a random one."""
        return _divide(self._gini_by(self.predicted, weights), self._gini_by(self.actual, weights))

    def decile_error(self, weights: Weights) -> NDArray[np.float64]:
        """The sum over tenths, by prediction, of the distance of their totals, over the actual total."""
        tenths = decile_of(self.predicted)[:, None] == np.arange(N_DECILES)
        distance = np.abs((weights * (self.predicted - self.actual)) @ tenths).sum(axis=1)
        return _divide(distance, weights @ self.actual)

    def _gini_by(self, ranking: NDArray[np.float64], weights: Weights) -> NDArray[np.float64]:
        """Twice the area between the concentration curve and the diagonal."""
        order = np.argsort(-ranking, kind="stable")
        weight = weights[:, order]
        share = np.cumsum(weight * self.actual[order], axis=1) / np.maximum(weights @ self.actual, 1e-300)[:, None]
        before = np.column_stack([np.zeros(len(share)), share[:, :-1]])
        return (weight * (share + before)).sum(axis=1) / weight.sum(axis=1) - 1.0


def decile_of(predicted: NDArray[np.float64]) -> NDArray[np.int64]:
    """The tenth, 0 to 9, that each customer belongs to by their prediction, (n,); ties are broken by place."""
    ranks = np.empty(len(predicted), np.int64)
    ranks[np.argsort(predicted, kind="stable")] = np.arange(len(predicted))
    return ranks * N_DECILES // max(len(predicted), 1)


def value_metrics(
    model: str,
    forecast: ValueForecast,
    *,
    outcomes: ValueOutcomes,
    split: str = "test",
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> tuple[Metric, ...]:
    """Every metric of one model's predicted margin, and the error of its orders, with intervals over customers."""
    days = outcomes.horizon_days
    totals = PredictedTotals(forecast.at(forecast.margin, days), outcomes.margin)
    orders = PredictedTotals(forecast.at(forecast.orders, days), outcomes.orders)
    statistics = totals.statistics()
    if orders.actual.any():
        statistics[ORDERS_MAE] = orders.statistics()[MAE]
    values = estimate_statistics(
        list(statistics.values()), outcomes, n_resamples=n_resamples, seed=seed, distances=[METRICS.index(DECILE_ERROR)]
    )
    return tuple(
        Metric(model=model, name=name, estimate=value, split=split)
        for name, value in zip(statistics, values, strict=True)
    )


def estimate_statistics(
    statistics: list[Callable[[Weights], NDArray[np.float64]]],
    outcomes: ValueOutcomes,
    *,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
    distances: list[int] | None = None,
) -> list[Estimate]:
    """Statistics with their intervals, from the same samples of customers."""
    return estimate_intervals(
        lambda weights: np.column_stack([statistic(weights) for statistic in statistics]),
        outcomes.customer_ids,
        n_resamples=n_resamples,
        seed=seed,
        distances=distances or (),
    )


def compare_forecasts(
    model: str,
    against: str,
    *,
    forecast: ValueForecast,
    forecast_against: ValueForecast,
    outcomes: ValueOutcomes,
    seed: int = 0,
) -> Comparison:
    """How much lower the first model's relative error is on the same customers; positive means better."""
    days = outcomes.horizon_days
    one, other = (PredictedTotals(each.at(each.margin, days), outcomes.margin) for each in (forecast, forecast_against))
    (estimate,) = estimate_statistics(
        [lambda weights: other.relative_mae(weights) - one.relative_mae(weights)], outcomes, seed=seed
    )
    return Comparison(model=model, against=against, name=RELATIVE_MAE, difference=estimate)


def _divide(numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(numerator, denominator, out=np.full(len(numerator), np.nan), where=denominator > 0)
