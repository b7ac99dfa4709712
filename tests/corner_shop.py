"""A shop of six items, and every recommender fitted on it."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

from core.interactions import Interactions
from models.recommenders.catalogue import RECOMMENDERS
from models.recommenders.engine.base import Recommender
from tests.baskets import interactions

CORNER_SHOP = interactions(
    "ada 2024-02-01 tea milk", "ada 2024-02-20 tea", "bo 2024-02-03 tea milk jam", "cyd 2024-02-10 jam bread",
    "dee 2024-02-11 bread butter jam", "eve 2024-01-05 salt", "- 2024-02-12 bread salt", "- 2024-02-14 bread",
)  # fmt: skip


def fit_every_recommender(log: Interactions, cutoff: date | None = None) -> dict[str, Recommender]:
    """Every recommender, fitted on a log, by name; with short vectors, because the log is small."""
    short = {"n_factors": 4}
    return {
        name: kind(**(short if "n_factors" in {field.name for field in fields(kind)} else {})).fit(log, cutoff)
        for name, kind in RECOMMENDERS.items()
    }
