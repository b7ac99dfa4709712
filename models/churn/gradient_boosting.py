"""Gradient-boosted trees (LightGBM; Ke et al. 2017): features act together, and words need no recoding.

Small steps and small trees, each of which sees some of the rows and each split some of the features, so that they err
differently: the library's defaults lose to logistic regression on data of this kind. No class weights and no resampling
of classes, which would ruin the probabilities.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar

import lightgbm as lgb
import numpy as np

from models.artifact import Artifact
from models.calibration import Platt
from models.churn.additive import AdditiveModel
from models.churn.customer_folds import LearningRows, mean_log_loss

FITS_AT_ONCE = 4
"Each refit on a resample holds a copy of the rows."


@dataclass(eq=False)
class GradientBoosting(AdditiveModel):
    """A few hundred small trees, their number chosen on held-out customers."""

    name: ClassVar[str] = "gradient_boosting"

    learning_rate: float = 0.03
    n_leaves: int = 8
    n_trees: int | None = None
    "None: folds over customers choose it, up to `most_trees`."

    most_trees: int = 500
    every: int = 10
    "How finely the number of trees is chosen."

    patience: int = 60
    "Trees without gain on held-out customers after which a fold stops."

    least_rows_in_leaf: int = 60
    l2: float = 1.0

    row_share: float = 0.6
    "Of the rows, drawn anew for each tree; 1 takes all."
    feature_share: float = 0.3
    "Of the features, drawn anew for each split; 1 takes all."

    calibrated: bool = False
    "Whether Platt scaling, fitted on held-out customers, is applied."

    n_threads: int = 1
    "More help with above some 100,000 rows on an idle machine; on busy cores LightGBM's threads wait for each other."

    boosters_: list[lgb.Booster] = field(init=False, repr=False)
    "The model, then the refit on each resample."
    held_out_: np.ndarray = field(init=False, repr=False)
    "Log-odds of each training row by a model that saw none of its customer, where trees or calibration ask for it."

    def learn(self, rows: LearningRows) -> None:
        """Choose the number of trees on held-out customers, fit, and refit on resamples."""
        rows.refuse_too_few()
        data = self._dataset(rows)
        n_trees = self._choose_trees(data, rows)
        self.platt_ = Platt.fitted(self.held_out_, rows.churned) if self.calibrated else Platt()
        everyone = np.ones(len(rows.churned))
        # Each fit keeps to its own thread, so the same seed gives the same trees on any machine.
        with ThreadPoolExecutor(min(os.cpu_count() or 1, FITS_AT_ONCE)) as pool:
            counts = (everyone, *rows.resampled(self.n_resamples, self.seed))
            self.boosters_ = list(
                pool.map(lambda weights: self._boosted(self._dataset(rows, weights), n_trees), counts)
            )

    def contribute(self, values: np.ndarray) -> np.ndarray:
        """TreeSHAP (Lundberg et al. 2020): contributions, and last what the trees say on average."""
        return np.asarray(self.boosters_[0].predict(values, pred_contrib=True, num_threads=self.n_threads))

    def log_odds(self, values: np.ndarray) -> np.ndarray:
        """Sum of the trees."""
        return self._read(self.boosters_[0], values)

    def resampled_log_odds(self, values: np.ndarray) -> np.ndarray:
        """What the trees of each resample say."""
        return np.array([self._read(booster, values) for booster in self.boosters_[1:]])

    def keep(self) -> Artifact:
        """Each booster in LightGBM's own text."""
        texts = {f"booster_{place:03d}": booster.model_to_string() for place, booster in enumerate(self.boosters_)}
        return Artifact(self.name, {"n_trees": self.boosters_[0].num_trees()}, texts=texts)

    def restore(self, artifact: Artifact) -> None:
        """The reverse of `keep`."""
        self.boosters_ = [lgb.Booster(model_str=artifact.texts[name]) for name in sorted(artifact.texts)]

    def _dataset(self, rows: LearningRows, weights: np.ndarray | None = None) -> lgb.Dataset:
        words = [place for place, column in enumerate(self.columns_) if column.vocabulary is not None]
        data = lgb.Dataset(
            rows.values,
            rows.churned,
            weight=weights,
            categorical_feature=words,
            params=self._parameters(),
            free_raw_data=False,
        )
        return data.construct()

    def _parameters(self) -> dict[str, str | int | float | bool]:
        return {
            "objective": "binary",
            "learning_rate": self.learning_rate,
            "num_leaves": self.n_leaves,
            "min_data_in_leaf": self.least_rows_in_leaf,
            "lambda_l2": self.l2,
            "bagging_fraction": self.row_share,
            "bagging_freq": 1,
            "feature_fraction_bynode": self.feature_share,
            "seed": self.seed,
            "num_threads": self.n_threads,
            # Same sums in the same order, whatever the machine is doing.
            "deterministic": True,
            "force_row_wise": True,
            "feature_pre_filter": False,
            "verbosity": -1,
        }

    def _boosted(self, data: lgb.Dataset, n_trees: int) -> lgb.Booster:
        return lgb.train(self._parameters(), data, num_boost_round=n_trees)

    def _choose_trees(self, data: lgb.Dataset, rows: LearningRows) -> int:
        """The number of trees with the lowest log loss on held-out customers; leaves their log-odds in `held_out_`."""
        if self.n_trees and not self.calibrated:
            return self.n_trees
        held_out_by = list(self._held_out_boosters(data, rows.folds(self.seed)))
        shortest = min(booster.current_iteration() for _, booster in held_out_by)
        steps = [self.n_trees] if self.n_trees else list(range(self.every, shortest + 1, self.every)) or [shortest]
        held_out = np.empty((len(steps), len(rows.churned)))
        for held, booster in held_out_by:
            said = [self._read(booster, rows.values[held], *span) for span in pairwise([0, *steps])]
            held_out[:, held] = np.cumsum(said, axis=0)
        best = int(np.argmin([mean_log_loss(log_odds, rows.churned) for log_odds in held_out]))
        self.held_out_ = held_out[best]
        return steps[best]

    def _held_out_boosters(self, data: lgb.Dataset, folds: np.ndarray) -> Iterator[tuple[np.ndarray, lgb.Booster]]:
        """The rows that each booster did not see; it stops when more trees no longer help them."""
        stop_late = [] if self.n_trees else [lgb.early_stopping(self.patience, verbose=False)]
        for fold in np.unique(folds):
            held = folds == fold
            learnt, judged = (data.subset(np.flatnonzero(rows).tolist()) for rows in (~held, held))
            booster = lgb.train(
                self._parameters(), learnt, self.n_trees or self.most_trees, valid_sets=[judged], callbacks=stop_late
            )
            yield held, booster

    def _read(self, booster: lgb.Booster, values: np.ndarray, first: int = 0, end: int = -1) -> np.ndarray:
        """Sum of the trees from `first` up to, and without, `end`; -1 is all."""
        n_trees = end - first if end > 0 else -1
        said = booster.predict(
            values, raw_score=True, start_iteration=first, num_iteration=n_trees, num_threads=self.n_threads
        )
        return np.asarray(said)
