"""Churn by recency alone: the longer ago the last purchase, the higher the risk. A baseline of all models.

churn rate of each bin of days   ->  made monotone in days  ->  interpolated between the bins, in log-odds

A predicted event may become likelier or less likely with absence; the direction that fits the rates better is taken.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import isotonic_regression

from core.errors import DataError
from core.feature_names import DAYS_SINCE_LAST_PURCHASE, DAYS_SINCE_LAST_USAGE, DAYS_SINCE_SUBSCRIPTION_CHANGE
from core.feature_table import FeatureColumn
from models.artifact import Artifact
from models.bins import bin_edges, bin_of, smooth_rates
from models.calibration import log_odds_of
from models.churn.additive import AdditiveModel
from models.churn.customer_folds import TrainingRows
from models.setting_types import Count, Positive

RECENCIES = (DAYS_SINCE_LAST_PURCHASE, DAYS_SINCE_LAST_USAGE, DAYS_SINCE_SUBSCRIPTION_CHANGE)
"The first of these that the table has is used."


@dataclass(eq=False)
class Recency(AdditiveModel):
    """P(churn) by the days since the last purchase; without purchases, since the last usage.

    Where the data set has neither, by the days since a subscription last started or changed.
    """

    name: ClassVar[str] = "recency"

    n_bins: Count = 20
    "Bins with about equal numbers of rows."

    prior_rows: Positive = 10.0
    "Each bin starts with this many rows at the overall rate, so that no rate is 0 or 1."

    centres_: NDArray[np.float64] = field(init=False, repr=False, default_factory=lambda: np.empty(0))
    "Mean days of each bin, rising."
    curves_: NDArray[np.float64] = field(init=False, repr=False, default_factory=lambda: np.empty((0, 0)))
    "(1 + n_resamples, bins + 2): log-odds of each bin, of missing recency, and overall; the first row is of all rows."

    def choose_columns(self, columns: tuple[FeatureColumn, ...]) -> tuple[FeatureColumn, ...]:
        """The first of `RECENCIES`; raises DataError where there is none."""
        for name in RECENCIES:
            for column in columns:
                if column.name == name:
                    return (column,)
        raise DataError(f"recency needs a feature called {' or '.join(RECENCIES)}; the table has none")

    def fit_rows(self, rows: TrainingRows) -> None:
        """Compute the churn rate of each bin."""
        days = rows.values[:, 0]
        edges = bin_edges(days, self.n_bins)
        bins = bin_of(days, edges)
        in_bin = bins[:, None] == np.arange(len(edges) + 1)
        self.centres_ = np.nan_to_num(days) @ in_bin / np.maximum(in_bin.sum(axis=0), 1)
        weights = [rows.row_weights, *rows.resample(self.n_resamples, seed=self.seed)]
        self.curves_ = np.array([self._fit_curve(rows, bins, n_bins=len(edges) + 2, weights=one) for one in weights])

    def raw_contributions(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far the customer's recency lifts the log-odds above the overall ones, and those, (n, 2)."""
        overall = np.full(len(values), self.curves_[0, -1])
        return np.column_stack([self._interpolate(self.curves_[0], values[:, 0]) - overall, overall])

    def log_odds_of_resamples(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log-odds by the curve of each resample."""
        return np.array([self._interpolate(curve, values[:, 0]) for curve in self.curves_[1:]])

    def dump(self) -> Artifact:
        """The curves."""
        return Artifact(self.name, {}, {"centres": self.centres_, "curves": self.curves_})

    def load(self, artifact: Artifact) -> None:
        """The inverse of `dump`."""
        self.centres_, self.curves_ = artifact.arrays["centres"], artifact.arrays["curves"]

    def _fit_curve(
        self, rows: TrainingRows, bins: NDArray[np.int64], *, n_bins: int, weights: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        rates, n_rows = smooth_rates(
            bins, n_bins=n_bins, churned=rows.churned, weights=weights, prior_rows=self.prior_rows
        )
        rates[:-1] = _fit_monotone(rates[:-1], n_rows[:-1], may_fall=rows.is_event)
        return log_odds_of(np.append(rates, np.average(rows.churned, weights=weights)))

    def _interpolate(self, curve: NDArray[np.float64], days: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(np.isnan(days), curve[-2], np.interp(days, self.centres_, curve[:-2]))


def _fit_monotone(rates: NDArray[np.float64], n_rows: NDArray[np.float64], *, may_fall: bool) -> NDArray[np.float64]:
    """The closest rates that never fall, or, where they may, that never rise if these are closer; (bins,)."""
    rising = isotonic_regression(rates, sample_weight=n_rows)
    if not may_fall:
        return rising
    falling = isotonic_regression(rates, sample_weight=n_rows, increasing=False)
    return min((rising, falling), key=lambda curve: float(n_rows @ (curve - rates) ** 2))


MODEL = Recency
