"""The recommenders, by name, simplest first."""

from __future__ import annotations

from core.catalogue import Shelf
from models.recommenders.blend import Blend
from models.recommenders.engine.base import LadderRecommender
from models.recommenders.parts import PARTS
from models.recommenders.popularity import Popularity
from models.recommenders.reranked import Reranked

RECOMMENDERS: Shelf[type[LadderRecommender]] = Shelf(
    "models.recommenders", {Popularity.name: Popularity, **PARTS, Blend.name: Blend, Reranked.name: Reranked}
)
