"""What everybody buys now: the answer for whom nothing is known of, and the bar for everything personal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from models.recommenders.engine.base import LadderRecommender


@dataclass(eq=False)
class Popularity(LadderRecommender):
    """Ranks items by their decayed share of all purchases; the same for everybody but for exclusions."""

    name: ClassVar[str] = "popularity"
