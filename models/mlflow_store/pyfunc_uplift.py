"""The pyfunc flavour of an uplift model: predicts the effect of each treatment on each row of a DataFrame.

`mlflow.pyfunc.load_model("models:/kizuna.shop.uplift@champion").predict(frame)` imports this file and passes it the
folder of the package, so Kizuna must be installed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from models.mlflow_store.package import ModelPackage
from models.mlflow_store.pyfunc_churn import features_of_frame
from models.uplift.uplift_model import UpliftModel

if TYPE_CHECKING:
    import pandas as pd


class LoadedUpliftModel:
    """Predicts the effects on each row of a DataFrame with one column per feature."""

    def __init__(self, package: ModelPackage) -> None:
        self._columns = package.columns
        self._model = UpliftModel.from_artifact(package.artifact)

    def predict(self, frame: pd.DataFrame, params: dict[str, object] | None = None) -> pd.DataFrame:
        """Predict effect, low, high, without and never_send of each treatment, with the frame's index.

        A column is named by its figure and the treatment: effect.spring-mail. MLflow passes `params` to every model;
        this one has none. Raises DataError for a missing column.
        """
        effects = self._model.effects(features_of_frame(frame, self._columns))
        columns = {
            f"{figure}.{treatment}": getattr(effects, figure)[:, place]
            for place, treatment in enumerate(effects.treatments)
            for figure in ("effect", "low", "high", "without", "never_send")
        }
        return frame[[]].assign(**columns)


def _load_pyfunc(data_path: str) -> LoadedUpliftModel:
    return LoadedUpliftModel(ModelPackage.read(Path(data_path)))
