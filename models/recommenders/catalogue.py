"""The recommenders, by name, simplest first."""

from __future__ import annotations

from core.catalogue import Catalogue
from models.recommenders.blend import Blend
from models.recommenders.engine.base import LadderRecommender
from models.recommenders.parts import PARTS
from models.recommenders.popularity import Popularity
from models.recommenders.reranked import Reranked

RECOMMENDERS: Catalogue[type[LadderRecommender]] = Catalogue(
    "models.recommenders", {Popularity.name: Popularity, **PARTS, Blend.name: Blend, Reranked.name: Reranked}
)
