"""What metrics of churn models are computed from: scored rows of customers, and weights that resample them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.retention import RetentionValues
from models.bins import bin_edges, bin_of
from models.metrics.weighted import Groups, RankedRows, ratio

N_BINS = 10
"Of the calibration error: bins with equal numbers of rows."


@dataclass(frozen=True)
class ChurnMetric:
    """The name of a metric, and what is good."""

    name: str
    better: Literal["higher", "lower", ""] = ""
    "Empty for a metric by which models are not compared."
    is_distance: bool = False
    "Whether noise alone makes it greater than zero, so that a bootstrap is biased upwards."


@dataclass(frozen=True)
class ChurnMetricFamily:
    """Metrics that are computed together."""

    metrics: tuple[ChurnMetric, ...]
    evaluate: Callable[[WeightedRows], dict[str, NDArray[np.float64]]]
    "(samples,) by metric."
    needs_money: bool = False
    "Whether it needs what customers are worth and what a contact costs; left out where these are unknown."


def log_losses(probability: NDArray[np.float64], churned: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The log loss of each row in nats: -log(probability of what happened)."""
    likelihood = np.where(churned, probability, 1.0 - probability)
    return -np.log(np.clip(likelihood, np.finfo(np.float64).eps, 1.0))


def calibration_bins(probability: NDArray[np.float64], n_bins: int = N_BINS) -> NDArray[np.int64]:
    """The bin of each row, (n,) from 0: bins with equal numbers of rows; equal probabilities share a bin."""
    return bin_of(probability, bin_edges(probability, n_bins))


@dataclass(frozen=True)
class ScoredRows:
    """The probability and the outcome of each row, and what follows from them once for all samples."""

    probability: NDArray[np.float64]
    "(n,)."
    churned: NDArray[np.bool_]
    "(n,)."
    retention: RetentionValues | None = None
    "What the customers are worth and what a contact costs; None if unknown."

    @cached_property
    def ranking(self) -> RankedRows:
        """The rows, highest probability first."""
        return RankedRows.of(self.probability, self.churned)

    @cached_property
    def by_row(self) -> NDArray[np.float64]:
        """(n, 4): log loss, squared error, probability, churned; their metrics are means over rows."""
        churned = self.churned.astype(np.float64)
        squared = (self.probability - churned) ** 2
        return np.column_stack([log_losses(self.probability, self.churned), squared, self.probability, churned])

    @cached_property
    def residuals_by_bin(self) -> NDArray[np.float64]:
        """(n, bins): probability minus churned, in the column of the row's bin."""
        bins = calibration_bins(self.probability)
        return (self.probability - self.churned)[:, None] * np.eye(bins.max() + 1)[bins]


@dataclass(frozen=True)
class WeightedRows:
    """Scored rows and how often each counts in each sample."""

    rows: ScoredRows
    weights: NDArray[np.float64]
    "(samples, n)."

    @cached_property
    def groups(self) -> Groups:
        """The weights of churned and retained rows by probability, highest first."""
        return self.rows.ranking.groups(self.weights)

    @cached_property
    def means(self) -> NDArray[np.float64]:
        """(4, samples): log loss, Brier score, mean probability, churn rate."""
        return ratio(self.weights @ self.rows.by_row, self.total[:, None]).T

    @cached_property
    def total(self) -> NDArray[np.float64]:
        """(samples,) rows in each sample."""
        return self.weights.sum(axis=1)
