"""The recommenders, discovered in this folder: a module that defines `MODEL` is a recommender of the module's name.

The order is the order of complexity. Training keeps it, and of models that are equally good it takes the first.
"""

from __future__ import annotations

from core.catalogue import Catalogue
from models.recommenders.engine.base import Recommender

RECOMMENDERS: Catalogue[type[Recommender]] = Catalogue.of_folder(
    "models.recommenders",
    attribute="MODEL",
    first=(
        "popularity",
        "personal_frequency",
        "item_knn",
        "next_basket",
        "rp3beta",
        "gf_cf",
        "graph_filter",
        "ease",
        "als",
        "ials",
        "blend",
        "reranked",
    ),
)
