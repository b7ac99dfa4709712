"""Small LightGBM models of counts and amounts, with one thread and the same sums on any machine."""

from __future__ import annotations

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from core.feature_table import FeatureColumn

MAX_LOG_CORRECTION = 3.0
"Trees multiply a prediction by at most e^3, and divide it by at most as much."


def fit_trees(
    values: NDArray[np.float64],
    target: NDArray[np.float64],
    *,
    columns: tuple[FeatureColumn, ...],
    objective: str,
    n_trees: int,
    seed: int,
    offset: NDArray[np.float64] | None = None,
) -> lgb.Booster:
    """Fit trees on (n, m) values and (n,) targets; `offset`, (n,), is what their sum is added to."""
    words = [place for place, column in enumerate(columns) if column.vocabulary is not None]
    parameters = {
        "objective": objective,
        "learning_rate": 0.05,
        "num_leaves": 8,
        "min_data_in_leaf": 60,
        "lambda_l2": 1.0,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "feature_fraction_bynode": 0.4,
        "tweedie_variance_power": 1.5,
        "seed": seed,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    data = lgb.Dataset(values, target, init_score=offset, categorical_feature=words, params=parameters)
    return lgb.train(parameters, data, num_boost_round=n_trees)


def predict_correction(booster: lgb.Booster, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """By what the trees multiply the prediction that they were added to, (n,)."""
    raw = np.asarray(booster.predict(values, raw_score=True, num_threads=1))
    return np.exp(np.clip(raw, -MAX_LOG_CORRECTION, MAX_LOG_CORRECTION))
