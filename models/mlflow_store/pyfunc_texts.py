"""The pyfunc flavour of a text model: predicts the cause, its probability and the sentiment of each text.

`mlflow.pyfunc.load_model("models:/kizuna.shop.texts@champion").predict(frame)` imports this file and passes it the
folder of the package, so Kizuna must be installed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import DataError, did_you_mean
from models.mlflow_store.package import ModelPackage
from models.texts.text_model import TextModel

if TYPE_CHECKING:
    import pandas as pd


class LoadedTextModel:
    """Predicts the texts of a DataFrame."""

    def __init__(self, package: ModelPackage) -> None:
        self._model = TextModel.from_artifact(package.artifact)

    def predict(self, frame: pd.DataFrame, params: dict[str, object] | None = None) -> pd.DataFrame:
        """Predict the likeliest cause, its probability and the sentiment of each `text`, with the frame's index.

        A missing text is read as an empty one. MLflow passes `params` to every model; this one has none. Raises
        DataError for a missing column.
        """
        if "text" not in frame:
            raise DataError(f"the frame has no column 'text'{did_you_mean('text', map(str, frame.columns))}")
        written = frame["text"].fillna("").astype(str).tolist()
        probabilities = self._model.probabilities(written)
        causes = np.array(self._model.causes)[probabilities.argmax(axis=1)]
        return frame[[]].assign(
            cause=causes, probability=probabilities.max(axis=1), sentiment=self._model.sentiment_of(written)
        )  # fmt: skip


def _load_pyfunc(data_path: str) -> LoadedTextModel:
    return LoadedTextModel(ModelPackage.read(Path(data_path)))
