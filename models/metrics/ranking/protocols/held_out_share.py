"""A random share of each customer's items is the truth: to choose settings where there are no times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.errors import BadInput
from core.interactions import Interactions
from models.metrics.ranking.splits import Split, day_after, drop_empty, make_split
from models.recommenders.engine.holdout import draw_items


@dataclass(frozen=True)
class HeldOutShare:
    """The truth is a random share of each customer's different items."""

    name: ClassVar[str] = "held_out_share"

    share: float = 0.2
    seed: int = 7

    @property
    def description(self) -> str:
        """What is trained on, who is evaluated and what counts as a hit."""
        return (
            f"{self.share:.0%} of each customer's items, drawn with seed {self.seed}, are the truth; all items are "
            "ranked, the rest of the customer's are masked"
        )

    def split(self, interactions: Interactions) -> Split:
        """Hold out floor(share * items) different items of each customer, with all of their lines."""
        if not 0 < self.share < 1:
            raise BadInput(f"the share held out is {self.share}; give one between 0 and 1")
        is_held_out = draw_items(interactions.histories, self.share, seed=self.seed)
        training = drop_empty(interactions.with_histories(interactions.histories.keep(~is_held_out)))
        truth = interactions.histories.keep(is_held_out)
        return make_split(training, truth, cutoff=day_after(interactions), masks_seen=True)


PROTOCOL = HeldOutShare
