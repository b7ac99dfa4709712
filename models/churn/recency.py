"""The longer they have been away, the likelier they are gone: the bar that every model must beat.

rate of each bin of days   ->  never falling with days  ->  straight lines between the bins, in log-odds
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from sklearn.isotonic import isotonic_regression

from core.errors import DataError
from core.feature_names import DAYS_SINCE_LAST_PURCHASE, DAYS_SINCE_LAST_USAGE
from core.feature_table import FeatureColumn
from models.artifact import Artifact
from models.bins import bin_edges, bin_of, smoothed_rates
from models.calibration import log_odds_of
from models.churn.additive import AdditiveModel
from models.churn.customer_folds import LearningRows

RECENCIES = (DAYS_SINCE_LAST_PURCHASE, DAYS_SINCE_LAST_USAGE)
"The first of these that there is."


@dataclass(eq=False)
class Recency(AdditiveModel):
    """P(churn) by the days since the last purchase (or usage, where nothing is bought) and by nothing else."""

    name: ClassVar[str] = "recency"

    n_bins: int = 20
    "Bins of about equally many rows."

    prior_rows: float = 10.0
    "Each bin starts from so many rows of the overall rate, so that no bin claims certainty."

    centres_: np.ndarray = field(init=False, repr=False, default_factory=lambda: np.empty(0))
    "Mean days of each bin, rising."
    curves_: np.ndarray = field(init=False, repr=False, default_factory=lambda: np.empty((0, 0)))
    "(1 + n_resamples, bins + 2): log-odds of each bin, of missing recency, and of everybody; the first row is of all."

    def choose_columns(self, columns: tuple[FeatureColumn, ...]) -> tuple[FeatureColumn, ...]:
        """The first of `RECENCIES`; raises DataError where there is none."""
        for name in RECENCIES:
            for column in columns:
                if column.name == name:
                    return (column,)
        raise DataError(f"recency needs a feature called {' or '.join(RECENCIES)}; found none of them")

    def learn(self, rows: LearningRows) -> None:
        """Count the churners of each bin."""
        days = rows.values[:, 0]
        edges = bin_edges(days, self.n_bins)
        bins = bin_of(days, edges)
        in_bin = bins[:, None] == np.arange(len(edges) + 1)
        self.centres_ = np.nan_to_num(days) @ in_bin / np.maximum(in_bin.sum(axis=0), 1)
        weights = [np.ones(len(days)), *rows.resampled(self.n_resamples, self.seed)]
        self.curves_ = np.array([self._curve(bins, len(edges) + 2, rows.churned, weight) for weight in weights])

    def contribute(self, values: np.ndarray) -> np.ndarray:
        """How far the customer's recency lifts the log-odds above everybody's, and those, (n, 2)."""
        everybody = np.full(len(values), self.curves_[0, -1])
        return np.column_stack([self._read(self.curves_[0], values[:, 0]) - everybody, everybody])

    def resampled_log_odds(self, values: np.ndarray) -> np.ndarray:
        """What the curve of each resample says."""
        return np.array([self._read(curve, values[:, 0]) for curve in self.curves_[1:]])

    def keep(self) -> Artifact:
        """The curves."""
        return Artifact(self.name, {}, {"centres": self.centres_, "curves": self.curves_})

    def restore(self, artifact: Artifact) -> None:
        """The reverse of `keep`."""
        self.centres_, self.curves_ = artifact.arrays["centres"], artifact.arrays["curves"]

    def _curve(self, bins: np.ndarray, n_bins: int, churned: np.ndarray, weights: np.ndarray) -> np.ndarray:
        rates, rests_on = smoothed_rates(bins, n_bins, churned, weights, self.prior_rows)
        rates[:-1] = isotonic_regression(rates[:-1], sample_weight=rests_on[:-1])
        return log_odds_of(np.append(rates, np.average(churned, weights=weights)))

    def _read(self, curve: np.ndarray, days: np.ndarray) -> np.ndarray:
        return np.where(np.isnan(days), curve[-2], np.interp(days, self.centres_, curve[:-2]))
