"""The best items of many customers at once; those of whom the same is known are answered together."""

from __future__ import annotations

from datetime import date

import numpy as np

from core.recommendations import STAGES, Recommendations, Stage
from models.protocols import Exclusions
from models.recommenders.engine.base import LadderRecommender
from serving.release.context_models import ContextModels
from serving.release.customer_part import CustomerPart

TOP_ARRAYS = ("items", "scores", "stages", "contributors")


def best_for(
    model: LadderRecommender,
    customers: CustomerPart,
    around: ContextModels,
    rows: np.ndarray,
    k: int,
    cutoff: date,
    unavailable: np.ndarray,
) -> Recommendations:
    """The k best items of some customers on record, by their rows, without the unavailable ones (codes).

    Where a history reaches less far than k, what the customer told us and their segment come before popularity.
    """
    histories, barred = customers.histories.take(rows), Exclusions(items=unavailable)
    found = model.recommend(histories, k, cutoff, barred)
    short = np.flatnonzero((found.stages == STAGES.index(Stage.POPULARITY)).any(axis=1))
    for places in _alike(customers, rows, short):
        start = around.start_of(customers.words_of(int(rows[places[0]])))
        if start is not None:
            better = model.recommend(histories.take(places), k, cutoff, barred, start)
            for name in TOP_ARRAYS:
                getattr(found, name)[places] = getattr(better, name)
    return found


def _alike(customers: CustomerPart, rows: np.ndarray, places: np.ndarray) -> list[np.ndarray]:
    """The places of some rows, grouped by what is known of the customers beside their purchases."""
    groups: dict[bytes, list[int]] = {}
    for place in places.tolist():
        row = int(rows[place])
        if customers.has_words(row):
            groups.setdefault(bytes(customers.words[row]), []).append(place)
    return [np.array(group) for group in groups.values()]
