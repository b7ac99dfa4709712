"""A registered hazard as MLflow loads it: a DataFrame in, P(churn) by the end of each period out.

`mlflow.pyfunc.load_model("models:/kizuna.shop.hazard@champion").predict(frame)`; MLflow imports this
file and hands it the package's folder, so it runs where Kizuna is installed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from models.hazard.catalogue import HAZARD_MODELS
from models.mlflow_store.package import ModelPackage
from models.mlflow_store.pyfunc_churn import features_of_frame

if TYPE_CHECKING:
    import pandas as pd


class LoadedHazard:
    """Tells the curve of each row of a DataFrame that holds the features by name."""

    def __init__(self, package: ModelPackage) -> None:
        self._columns = package.columns
        self._model = HAZARD_MODELS[package.artifact.model].from_artifact(package.artifact)

    def predict(self, frame: pd.DataFrame, params: dict[str, object] | None = None) -> pd.DataFrame:
        """churn_within_30d, churn_within_60d, ... and expected_months, with the frame's index. Raises DataError.

        `params` is what MLflow hands to every model; this one has none.
        """
        curves = self._model.curves(features_of_frame(frame, self._columns))
        columns = {f"churn_within_{days}d": curves.risk[:, place] for place, days in enumerate(curves.days.tolist())}
        return frame[[]].assign(**columns, expected_months=curves.expected_months)


def _load_pyfunc(data_path: str) -> LoadedHazard:
    return LoadedHazard(ModelPackage.read(Path(data_path)))
