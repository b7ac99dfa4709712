"""A registered churn model as MLflow loads it: a DataFrame in, probabilities out, columns found by name.

`mlflow.pyfunc.load_model("models:/kizuna.shop.churn@champion").predict(frame)`; MLflow
imports this file and hands it the package's folder, so it runs where Kizuna is installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import DataError, did_you_mean
from core.feature_table import FeatureColumn, FeatureTable
from models.churn.catalogue import CHURN_MODELS
from models.mlflow_store.package import ModelPackage

if TYPE_CHECKING:
    import pandas as pd


class LoadedChurnModel:
    """Scores the rows of a DataFrame that holds the features by name."""

    def __init__(self, package: ModelPackage) -> None:
        self._columns = package.columns
        self._card = package.card
        self._model = CHURN_MODELS[package.artifact.model].from_artifact(package.artifact)

    def predict(self, frame: pd.DataFrame, params: dict[str, object] | None = None) -> pd.DataFrame:
        """churn_probability, low and high of each row, with the frame's index. Raises DataError for a missing column.

        `params` is what MLflow hands to every model; this one has none.
        """
        features = features_of_frame(frame, self._columns)
        scores = self._model.score(features, self._card.horizon_days or 0)
        answer = frame[[]].assign(churn_probability=scores.value)
        return answer if scores.low is None else answer.assign(low=scores.low, high=scores.high)


def features_of_frame(frame: pd.DataFrame, columns: Sequence[FeatureColumn]) -> FeatureTable:
    """The feature table that a DataFrame holds: words become codes, unknown words missing."""
    for column in columns:
        if column.name not in frame:
            raise DataError(
                f"the frame has no column '{column.name}'{did_you_mean(column.name, map(str, frame.columns))}"
            )
    n = len(frame)
    ids = frame["customer_id"].astype(str).to_numpy() if "customer_id" in frame else np.arange(n).astype(str)
    values = np.empty((n, len(columns)))
    for place, column in enumerate(columns):
        values[:, place] = _numbers(frame[column.name], column)
    return FeatureTable(ids.astype("U"), np.full(n, np.datetime64("NaT", "D")), values, tuple(columns))


def _numbers(series: pd.Series, column: FeatureColumn) -> np.ndarray:
    if column.vocabulary is None:
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    codes = {word: float(code) for code, word in enumerate(column.vocabulary)}
    return series.map(codes).to_numpy(dtype=np.float64, na_value=np.nan)


def _load_pyfunc(data_path: str) -> LoadedChurnModel:
    return LoadedChurnModel(ModelPackage.read(Path(data_path)))
