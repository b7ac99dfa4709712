"""The recommenders that others may be made of, by name, simplest first: all that score items for a history."""

from __future__ import annotations

from core.catalogue import Catalogue
from models.recommenders.als import Als
from models.recommenders.ease import Ease
from models.recommenders.engine.scoring import ScoringRecommender
from models.recommenders.gf_cf import GfCf
from models.recommenders.graph_filter import GraphFilter
from models.recommenders.ials import Ials
from models.recommenders.item_knn import ItemKnn
from models.recommenders.next_basket import NextBasket
from models.recommenders.personal_frequency import PersonalFrequency
from models.recommenders.rp3beta import Rp3Beta

PARTS: Catalogue[type[ScoringRecommender]] = Catalogue(
    "models.recommenders.parts",
    {kind.name: kind for kind in (PersonalFrequency, ItemKnn, NextBasket, Rp3Beta, GfCf, GraphFilter, Ease, Als, Ials)},
)
