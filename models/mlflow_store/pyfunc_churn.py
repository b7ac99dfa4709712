"""The pyfunc flavour of a churn model: scores a DataFrame, whose columns are found by name.

`mlflow.pyfunc.load_model("models:/kizuna.shop.churn@champion").predict(frame)` imports this file and passes it the
folder of the package, so Kizuna must be installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.errors import DataError, did_you_mean
from core.feature_table import FeatureColumn, FeatureTable
from models.churn.additive import CHURN_MODELS
from models.mlflow_store.package import ModelPackage

if TYPE_CHECKING:
    import pandas as pd


class LoadedChurnModel:
    """Scores a DataFrame with one column per feature."""

    def __init__(self, package: ModelPackage) -> None:
        self._columns = package.columns
        self._card = package.card
        self._model = CHURN_MODELS[package.artifact.model].from_artifact(package.artifact)

    def predict(self, frame: pd.DataFrame, params: dict[str, object] | None = None) -> pd.DataFrame:
        """Score each row: churn_probability, low and high, indexed as the frame. Raises DataError for a missing column.

        MLflow passes `params` to every model; this one has none.
        """
        features = features_of_frame(frame, self._columns)
        scores = self._model.score(features, self._card.horizon_days or 0)
        result = frame[[]].assign(churn_probability=scores.value)
        return result if scores.low is None else result.assign(low=scores.low, high=scores.high)


def features_of_frame(frame: pd.DataFrame, columns: Sequence[FeatureColumn]) -> FeatureTable:
    """Convert a DataFrame to a feature table: words become codes, unknown words become missing."""
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


def _numbers(series: pd.Series, column: FeatureColumn) -> NDArray[np.floating]:
    if column.vocabulary is None:
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    codes = {word: float(code) for code, word in enumerate(column.vocabulary)}
    return series.map(codes).to_numpy(dtype=np.float64, na_value=np.nan)


def _load_pyfunc(data_path: str) -> LoadedChurnModel:
    return LoadedChurnModel(ModelPackage.read(Path(data_path)))
