"""The pyfunc flavour of a recommender: recommends items for a DataFrame of purchases.

`mlflow.pyfunc.load_model("models:/kizuna.shop.recommender@champion").predict(frame, params={"k": 10})` imports this
file and passes it the folder of the package, so Kizuna must be installed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import DataError, did_you_mean
from core.interactions import Histories
from core.recommendations import STAGES
from models.mlflow_store.package import ModelPackage
from models.recommenders.catalogue import RECOMMENDERS

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_K = 10


class LoadedRecommender:
    """Recommends items to the customers of a DataFrame with one row per purchase."""

    def __init__(self, package: ModelPackage) -> None:
        self._model = RECOMMENDERS[package.artifact.model].from_artifact(package.artifact)

    def predict(self, frame: pd.DataFrame, params: dict[str, int] | None = None) -> pd.DataFrame:
        """Recommend items: customer_id, rank (from 1), item_id, score and stage, customers in the order of the frame.

        `frame` has customer_id and item_id, oldest purchase first; a missing item_id means a customer without a
        history. `params` may contain k, the number of items per customer (default 10). Raises DataError for a missing
        column.
        """
        import pandas as pd

        baskets = baskets_of(frame)
        now = np.datetime64(self._model.cutoff_, "s")
        histories = Histories.of_items(list(baskets.values()), self._model.item_ids, now=now)
        answer = self._model.recommend(histories, int((params or {}).get("k", DEFAULT_K)))
        rows, places = np.nonzero(answer.items >= 0)
        return pd.DataFrame(
            {
                "customer_id": np.array(list(baskets), dtype=object)[rows],
                "rank": places + 1,
                "item_id": answer.item_id[rows, places],
                "score": answer.scores[rows, places],
                "stage": np.array(STAGES)[answer.stages[rows, places]],
            }
        )


def baskets_of(frame: pd.DataFrame) -> dict[str, list[str]]:
    """The items of each customer, oldest first."""
    for name in ("customer_id", "item_id"):
        if name not in frame:
            raise DataError(f"the frame has no column '{name}'{did_you_mean(name, map(str, frame.columns))}")
    baskets: dict[str, list[str]] = {str(customer): [] for customer in frame["customer_id"]}
    bought = frame[frame["item_id"].notna()]
    for customer, item in zip(bought["customer_id"], bought["item_id"], strict=True):
        baskets[str(customer)].append(str(item))
    return baskets


def _load_pyfunc(data_path: str) -> LoadedRecommender:
    return LoadedRecommender(ModelPackage.read(Path(data_path)))
