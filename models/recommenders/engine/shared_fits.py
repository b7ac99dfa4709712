"""Shares the fits of recommenders between a blend and the models that are tried on their own.

See `models/shared_fits.py`. Fitted models are kept only where they are small.
"""

from __future__ import annotations

from datetime import date
from typing import TypeVar

from core.interactions import Interactions
from models.recommenders.engine.base import Recommender
from models.shared_fits import fit_once

MAX_KEPT_GB = 0.6
"Memory of a fit above which the fitted model is not kept; graph models use .4 of it only while they are fitted."

Model = TypeVar("Model", bound=Recommender)


def fit_recommender(model: Model, interactions: Interactions, *, cutoff: date | None = None) -> Model:
    """Fit the model, or return an equal one that was fitted on the same purchases in the same `share_fits`.

    Raises what `fit` raises.
    """
    is_small = model.memory_gb(interactions) <= MAX_KEPT_GB
    if not is_small or not interactions.has_lines:
        return model.fit(interactions, cutoff)
    day = cutoff or interactions.day_after_last
    arrays = (
        *(interactions.customer_ids, interactions.item_ids, interactions.indptr, interactions.items),
        *(interactions.times, interactions.quantities, interactions.orders),
        *(interactions.anonymous_items, interactions.anonymous_times, interactions.item_categories),
    )
    settings = (model.name, tuple(model.settings.items()), day)
    return fit_once(settings, arrays, fit=lambda: model.fit(interactions, day))
