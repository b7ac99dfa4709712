"""A registered text model as MLflow loads it: a DataFrame of texts in, cause, probability and tone of each out.

`mlflow.pyfunc.load_model("models:/kizuna.shop.texts@champion").predict(frame)`; MLflow imports this file and hands it
the package's folder, so it runs where Kizuna is installed.
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
    """Reads the texts of a DataFrame."""

    def __init__(self, package: ModelPackage) -> None:
        self._model = TextModel.from_artifact(package.artifact)

    def predict(self, frame: pd.DataFrame, params: dict[str, object] | None = None) -> pd.DataFrame:
        """The likeliest cause, its probability and the tone of each `text`, with the frame's index. Raises DataError.

        A missing text is read as an empty one. `params` is what MLflow hands to every model; this one has none.
        """
        if "text" not in frame:
            raise DataError(f"the frame has no column 'text'{did_you_mean('text', map(str, frame.columns))}")
        written = frame["text"].fillna("").astype(str).tolist()
        chances = self._model.probabilities(written)
        causes = np.array(self._model.causes)[chances.argmax(axis=1)]
        return frame[[]].assign(
            cause=causes, probability=chances.max(axis=1), tone=self._model.sentiment_of(written)
        )  # fmt: skip


def _load_pyfunc(data_path: str) -> LoadedTextModel:
    return LoadedTextModel(ModelPackage.read(Path(data_path)))
