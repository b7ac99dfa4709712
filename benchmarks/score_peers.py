"""Other ways to serve churn scores with BentoML: the least that an endpoint can cost, and the usual way.

`BENCH_MODEL` names a model as MLflow stores it, `BENCH_FEATURES` an array of the customers' features.
"""

from __future__ import annotations

import os
from typing import Any

import bentoml
import numpy as np
import pandas as pd

from benchmarks.score_release import customer_ids

MODEL, FEATURES = "BENCH_MODEL", "BENCH_FEATURES"


@bentoml.service(name="default_service")
class DefaultService:
    """Looks nothing up. All settings are BentoML's own."""

    @bentoml.api(route="/score")
    async def score(self, customer_ids: list[str]) -> dict[str, Any]:
        """The same score for every customer."""
        return {"scores": [{"customer_id": customer_id, "score": 0.5} for customer_id in customer_ids]}


@bentoml.service(name="usual_service")
class UsualService:
    """Takes the rows of a pandas table and calls the model as MLflow loads it."""

    def __init__(self) -> None:
        import mlflow

        self._model = mlflow.pyfunc.load_model(os.environ[MODEL])
        features = np.load(os.environ[FEATURES])
        columns = [f"f{number}" for number in range(features.shape[1])]
        self._features = pd.DataFrame(features, index=customer_ids(len(features)), columns=columns)

    @bentoml.api(route="/score")
    def score(self, customer_ids: list[str]) -> dict[str, Any]:
        """The model's score of each customer."""
        values = self._model.predict(self._features.loc[customer_ids])
        return {"scores": dict(zip(customer_ids, values.tolist(), strict=True))}
