"""The pyfunc flavour of a hazard model: predicts P(churn) by the end of each period for a DataFrame.

`mlflow.pyfunc.load_model("models:/kizuna.shop.hazard@champion").predict(frame)` imports this file and passes it the
folder of the package, so Kizuna must be installed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from models.hazard.hazard import HAZARD_MODELS
from models.mlflow_store.package import ModelPackage
from models.mlflow_store.pyfunc_churn import features_of_frame

if TYPE_CHECKING:
    import pandas as pd


class LoadedHazardModel:
    """Predicts the curve of each row of a DataFrame with one column per feature."""

    def __init__(self, package: ModelPackage) -> None:
        self._columns = package.columns
        self._model = HAZARD_MODELS[package.artifact.model].from_artifact(package.artifact)

    def predict(self, frame: pd.DataFrame, params: dict[str, object] | None = None) -> pd.DataFrame:
        """Predict churn_within_30d, churn_within_60d, ... and expected_months, with the frame's index.

        MLflow passes `params` to every model; this one has none. Raises DataError for a missing column.
        """
        curves = self._model.curves(features_of_frame(frame, self._columns))
        columns = {f"churn_within_{days}d": curves.risk[:, place] for place, days in enumerate(curves.days.tolist())}
        return frame[[]].assign(**columns, expected_months=curves.months_expected)


def _load_pyfunc(data_path: str) -> LoadedHazardModel:
    return LoadedHazardModel(ModelPackage.read(Path(data_path)))
