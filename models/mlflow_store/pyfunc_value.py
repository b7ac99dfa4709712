"""The pyfunc flavour of a value model: predicts what each row of a DataFrame brings in.

`mlflow.pyfunc.load_model("models:/kizuna.shop.value@champion").predict(frame)` imports this file and passes it the
folder of the package, so Kizuna must be installed.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.customer_value import YEAR_DAYS, ValueHistory
from core.errors import DataError, did_you_mean
from models.mlflow_store.package import ModelPackage
from models.mlflow_store.pyfunc_churn import features_of_frame
from models.value.value_model import VALUE_MODELS

if TYPE_CHECKING:
    import pandas as pd

HISTORY_COLUMNS = tuple(one.name for one in fields(ValueHistory) if one.name not in ("customer_ids", "year_days"))


class LoadedValueModel:
    """Predicts the value of a DataFrame with one column per feature and per field of `ValueHistory`."""

    def __init__(self, package: ModelPackage) -> None:
        self._columns = package.columns
        self._horizon_days = package.card.horizon_days or YEAR_DAYS
        self._model = VALUE_MODELS[package.artifact.model].from_artifact(package.artifact)

    def predict(self, frame: pd.DataFrame, params: dict[str, object] | None = None) -> pd.DataFrame:
        """Predict orders, revenue, margin, value and p_alive within the horizon of the card, with the frame's index.

        MLflow passes `params` to every model; this one has none. Raises DataError for a missing column.
        """
        features, history = features_of_frame(frame, self._columns), history_of_frame(frame)
        days = np.array([self._horizon_days])
        forecast = self._model.forecast(features, history, days=days)
        curves = {name: getattr(forecast, name)[:, 0] for name in ("orders", "revenue", "margin", "value")}
        return frame[[]].assign(**curves, p_alive=forecast.p_alive)


def history_of_frame(frame: pd.DataFrame) -> ValueHistory:
    """The history of each row; `year_days` is 365 unless the frame has it. Raises DataError for a missing column."""
    for name in HISTORY_COLUMNS:
        if name not in frame:
            raise DataError(f"the frame has no column '{name}'{did_you_mean(name, map(str, frame.columns))}")
    columns = {name: frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in HISTORY_COLUMNS}
    ids = frame["customer_id"].astype(str).to_numpy() if "customer_id" in frame else np.arange(len(frame)).astype(str)
    days = float(frame["year_days"].iloc[0]) if "year_days" in frame and len(frame) else float(YEAR_DAYS)
    return ValueHistory(customer_ids=ids.astype("U"), year_days=days, **columns)


def _load_pyfunc(data_path: str) -> LoadedValueModel:
    return LoadedValueModel(ModelPackage.read(Path(data_path)))
