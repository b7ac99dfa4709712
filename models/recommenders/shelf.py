"""The recommenders, by name, simplest first."""

from __future__ import annotations

from core.catalogue import Shelf
from models.recommenders.als import Als
from models.recommenders.ease import Ease
from models.recommenders.gf_cf import GfCf
from models.recommenders.graph_filter import GraphFilter
from models.recommenders.ials import Ials
from models.recommenders.item_knn import ItemKnn
from models.recommenders.ladder import LadderRecommender
from models.recommenders.personal_frequency import PersonalFrequency
from models.recommenders.popularity import Popularity
from models.recommenders.rp3beta import Rp3Beta

RECOMMENDERS: Shelf[type[LadderRecommender]] = Shelf(
    "models.recommenders",
    {kind.name: kind for kind in (Popularity, PersonalFrequency, ItemKnn, Rp3Beta, GfCf, GraphFilter, Ease, Als, Ials)},
)
