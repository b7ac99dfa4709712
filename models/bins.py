"""Bins with about equal numbers of rows, and the churn rate of each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def bin_edges(values: NDArray[np.float64], n_bins: int) -> NDArray[np.float64]:
    """Inner edges, rising, at most n_bins - 1. Each is an observed value and starts its bin, so no bin is empty."""
    present = values[~np.isnan(values)]
    if not len(present):
        return np.empty(0)
    edges = np.unique(np.quantile(present, np.linspace(0, 1, n_bins + 1)[1:-1], method="higher"))
    return edges[edges > present.min()]


def bin_of(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """The bin of each value, from 0 to len(edges); missing values have their own bin, len(edges) + 1."""
    return np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right"))


def smooth_rates(
    bins: NDArray[np.int64],
    *,
    n_bins: int,
    churned: NDArray[np.float64],
    weights: NDArray[np.float64],
    prior_rows: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The churn rate of each bin and the number of rows behind it, (n_bins,) each.

    A bin starts with `prior_rows` rows at the overall rate, so that no rate is 0 or 1.
    """
    overall = np.average(churned, weights=weights)
    rows = np.bincount(bins, weights, n_bins).astype(np.float64) + prior_rows
    return (np.bincount(bins, weights * churned, n_bins) + prior_rows * overall) / rows, rows
