"""Gradient-boosted trees (LightGBM; Ke et al. 2017): features interact, and words need no encoding.

The learning rate and the trees are small, each tree is fitted on a sample of the rows and each split on a sample of
the features: LightGBM's defaults lose to logistic regression on data of this kind. Classes are neither weighted nor
resampled, which would bias the probabilities.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import ClassVar

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from models.artifact import Artifact
from models.calibration import Platt
from models.churn.additive import AdditiveModel
from models.churn.customer_folds import TrainingRows, rows_with_weight
from models.churn.shared_fits import fit_shared
from models.setting_types import Count, Leaves, NotNegative, NumberOfTrees, PositiveShare, Threads
from models.shared_fits import fit_once

LEARNING_RATE, N_BINS = 0.03, 255
MANY_ROWS, FEW_TREES, N_BINS_OF_MANY = 20_000, 100, 63
"""On three training sets of 20,000 to 44,000 rows, twice the learning rate, half the trees and a quarter of the bins
had the same held-out loss (within .0001) for half the time. Where few trees suffice, the smaller rate costs little."""

Parameters = dict[str, str | int | float | bool]
"Of LightGBM, by name."
MAX_PARALLEL_FITS = 4
"Each refit on a resample holds a copy of the rows."


@dataclass(eq=False)
class GradientBoosting(AdditiveModel):
    """A few hundred small trees, their number chosen on held-out customers."""

    name: ClassVar[str] = "gradient_boosting"

    learning_rate: PositiveShare | None = None
    "None: 0.03, or twice that from `MANY_ROWS` rows on, unless fewer than `FEW_TREES` trees are chosen with it."

    n_leaves: Leaves = 8
    n_trees: NumberOfTrees | None = None
    "None: folds over customers choose it, up to `max_trees`."

    max_trees: NumberOfTrees = 500
    tree_step: Count = 10
    "The number of trees is chosen among multiples of this."

    patience: Count = 60
    "A fold stops after this many trees without gain on held-out customers."

    min_data_in_leaf: Count = 60
    lambda_l2: NotNegative = 1.0

    bagging_fraction: PositiveShare = 0.6
    "Share of the rows sampled for each tree."
    feature_fraction: PositiveShare = 0.3
    "Share of the features sampled for each split (LightGBM's feature_fraction_bynode)."

    calibrated: bool = False
    "Whether to apply Platt scaling, fitted on held-out customers."

    n_threads: Threads = 1
    "More threads help above some 100,000 rows on an idle machine; on busy cores they wait for each other."

    boosters_: list[lgb.Booster] = field(init=False, repr=False)
    "The model, then the refit on each resample."
    held_out_: NDArray[np.float64] = field(init=False, repr=False)
    """Log-odds of each training row by a model fitted without its customer, where trees or calibration need them; NaN
    for a row that is not held out."""

    def fit_rows(self, rows: TrainingRows) -> None:
        """Choose the number of trees on held-out customers, fit, and refit on resamples."""
        rows.refuse_too_few()
        needs_held_out = self.calibrated or not self.n_trees
        settings = self.identify_fit("calibrated", "n_threads", needs_held_out=needs_held_out)
        self.boosters_, self.held_out_ = fit_shared(rows, settings, fit=lambda: self._fit_boosters(rows))
        self.platt_ = Platt.fit(self.held_out_, rows.churned, weights=rows.weights) if self.calibrated else Platt()

    def _fit_boosters(self, rows: TrainingRows) -> tuple[list[lgb.Booster], NDArray[np.float64]]:
        """The model and its refits, and the held-out log-odds; those are empty where nothing needs them."""
        self.held_out_ = np.empty(0)
        data, n_trees, parameters = self._dataset(rows), 0, self._parameters(rows)
        for rate in self._rates_to_try(rows):
            parameters = self._parameters(rows) | {"learning_rate": rate}
            n_trees = self._choose_trees(data, rows, parameters=parameters)
            if n_trees >= FEW_TREES:
                break
        # Each fit uses its own thread, so the same seed gives the same trees on any machine.
        with ThreadPoolExecutor(min(os.cpu_count() or 1, MAX_PARALLEL_FITS)) as pool:
            counts = (rows.row_weights, *rows.resample(self.n_resamples, seed=self.seed))
            boosters = pool.map(lambda weights: lgb.train(parameters, _weigh(data, weights), n_trees), counts)
            return list(boosters), self.held_out_

    def raw_contributions(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """TreeSHAP values (Lundberg et al. 2020), and last the expected value of the trees."""
        return np.asarray(self.boosters_[0].predict(values, pred_contrib=True, num_threads=self.n_threads))

    def log_odds(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The sum of the trees; recipes that share the trees, such as those that differ in level, share the sums."""
        booster = self.boosters_[0]
        return fit_once(("log_odds", booster), (values,), fit=lambda: self._predict(booster, values))

    def log_odds_of_resamples(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The sum of the trees of each resample."""
        return np.array([self._predict(booster, values) for booster in self.boosters_[1:]])

    def dump(self) -> Artifact:
        """Each booster in LightGBM's text format."""
        texts = {f"booster_{place:03d}": booster.model_to_string() for place, booster in enumerate(self.boosters_)}
        return Artifact(self.name, {"n_trees": self.boosters_[0].num_trees()}, texts=texts)

    def load(self, artifact: Artifact) -> None:
        """The inverse of `dump`."""
        self.boosters_ = [lgb.Booster(model_str=artifact.texts[name]) for name in sorted(artifact.texts)]

    def _dataset(self, rows: TrainingRows) -> lgb.Dataset:
        words = [place for place, column in enumerate(self.input_columns) if column.vocabulary is not None]
        data = lgb.Dataset(
            rows.values,
            rows.churned,
            weight=rows.weights,
            categorical_feature=words,
            params=self._parameters(rows),
            free_raw_data=False,
        )
        return data.construct()

    def _rates_to_try(self, rows: TrainingRows) -> tuple[float, ...]:
        """Learning rates, the last of which is used if those before it make do with few trees."""
        if self.learning_rate is not None:
            return (self.learning_rate,)
        is_faster = self.n_trees is None and len(rows.churned) >= MANY_ROWS
        return (2 * LEARNING_RATE, LEARNING_RATE) if is_faster else (LEARNING_RATE,)

    def _parameters(self, rows: TrainingRows) -> Parameters:
        """LightGBM's parameters, without the learning rate."""
        return {
            "objective": "binary",
            "num_leaves": self.n_leaves,
            "min_data_in_leaf": self.min_data_in_leaf,
            "lambda_l2": self.lambda_l2,
            "bagging_fraction": self.bagging_fraction,
            "bagging_freq": 1,
            "feature_fraction_bynode": self.feature_fraction,
            "seed": self.seed,
            "num_threads": self.n_threads,
            # The same sums in the same order on any machine.
            "deterministic": True,
            "force_row_wise": True,
            "feature_pre_filter": False,
            "max_bin": N_BINS if len(rows.churned) < MANY_ROWS else N_BINS_OF_MANY,
            "verbosity": -1,
        }

    def _choose_trees(self, data: lgb.Dataset, rows: TrainingRows, *, parameters: Parameters) -> int:
        """Choose the number of trees with the lowest log loss on held-out customers; sets `held_out_`."""
        if self.n_trees and not self.calibrated:
            return self.n_trees
        folds = list(self._fit_folds(data, rows, parameters=parameters))
        shortest = min(len(losses) for _, _, losses in folds)
        steps = (
            [self.n_trees] if self.n_trees else list(range(self.tree_step, shortest + 1, self.tree_step)) or [shortest]
        )
        shares = [rows.row_weights[held].sum() for held, _, _ in folds]
        losses = np.average([[losses[step - 1] for step in steps] for _, _, losses in folds], axis=0, weights=shares)
        best = steps[int(np.argmin(losses))]
        self.held_out_ = np.full(len(rows.churned), np.nan)
        for held, booster, _ in folds:
            self.held_out_[held] = self._predict(booster, rows.values[held], n_trees=best)
        return best

    def _fit_folds(
        self, data: lgb.Dataset, rows: TrainingRows, *, parameters: Parameters
    ) -> Iterator[tuple[NDArray[np.bool_], lgb.Booster, list[float]]]:
        """The held-out rows of each fold, the booster of the others, and the log loss of the former with each tree."""
        stop = [] if self.n_trees else [lgb.early_stopping(self.patience, verbose=False)]
        for held in rows.hold_out_folds(self.seed):
            train, valid = (data.subset(np.flatnonzero(part).tolist()) for part in (~held, held))
            n_trees = self.n_trees or self.max_trees
            losses: dict[str, dict[str, list[float]]] = {}
            callbacks = [*stop, lgb.record_evaluation(losses)]
            booster = lgb.train(parameters, train, n_trees, valid_sets=[valid], callbacks=callbacks)
            yield held, booster, losses["valid_0"]["binary_logloss"]

    def _predict(self, booster: lgb.Booster, values: NDArray[np.float64], *, n_trees: int = -1) -> NDArray[np.float64]:
        """The sum of the first trees; -1 is all."""
        log_odds = booster.predict(values, raw_score=True, num_iteration=n_trees, num_threads=self.n_threads)
        return np.asarray(log_odds)


def _weigh(data: lgb.Dataset, weights: NDArray[np.float64]) -> lgb.Dataset:
    """The rows with weights; copies the binned values, which is faster than binning them again."""
    rows = rows_with_weight(weights)
    return data.subset(rows.tolist()).construct().set_weight(weights[rows])


MODEL = GradientBoosting
