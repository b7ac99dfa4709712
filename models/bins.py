"""Bins of about equally many rows, and how many churn in each."""

from __future__ import annotations

import numpy as np


def bin_edges(values: np.ndarray, n_bins: int) -> np.ndarray:
    """Inner edges, rising, at most n_bins - 1: each is a value that occurs and begins its bin, so none is empty."""
    known = values[~np.isnan(values)]
    if not len(known):
        return np.empty(0)
    edges = np.unique(np.quantile(known, np.linspace(0, 1, n_bins + 1)[1:-1], method="higher"))
    return edges[edges > known.min()]


def bin_of(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The bin of each value, from 0 to len(edges); missing values have one of their own, len(edges) + 1."""
    return np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right"))


def smoothed_rates(
    bins: np.ndarray, n_bins: int, churned: np.ndarray, weights: np.ndarray, prior_rows: float
) -> tuple[np.ndarray, np.ndarray]:
    """Each bin's churn rate and how many rows it rests on, (n_bins,) each.

    A bin starts from `prior_rows` rows of the overall rate, so that none claims certainty.
    """
    overall = np.average(churned, weights=weights)
    rows = np.bincount(bins, weights, n_bins) + prior_rows
    return (np.bincount(bins, weights * churned, n_bins) + prior_rows * overall) / rows, rows
