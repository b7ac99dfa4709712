"""Recent best sellers: the fallback for unknown customers and the baseline of personalised models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from models.recommenders.engine.base import Recommender


@dataclass(eq=False)
class Popularity(Recommender):
    """Ranks items by their decayed share of all purchases, the same for every customer except for exclusions."""

    name: ClassVar[str] = "popularity"


MODEL = Popularity
