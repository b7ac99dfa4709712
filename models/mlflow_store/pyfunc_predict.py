"""The pyfunc flavour of a model of an event: scores a DataFrame, whose columns are found by name.

`mlflow.pyfunc.load_model("models:/kizuna.shop.predict.buys_tea@champion").predict(frame)` imports this file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from models.mlflow_store.package import ModelPackage
from models.mlflow_store.pyfunc_churn import LoadedChurnModel

if TYPE_CHECKING:
    import pandas as pd


class LoadedEventModel(LoadedChurnModel):
    """Scores a DataFrame with one column per feature: `probability` of the event, `low` and `high`."""

    def predict(self, frame: pd.DataFrame, params: dict[str, object] | None = None) -> pd.DataFrame:
        """Score each row, indexed as the frame. Raises DataError for a missing column."""
        return super().predict(frame, params).rename(columns={"churn_probability": "probability"})


def _load_pyfunc(data_path: str) -> LoadedEventModel:
    return LoadedEventModel(ModelPackage.read(Path(data_path)))
