"""Each customer's last basket is the truth, as in papers on next-basket recommendation.

one customer   o  o  o  o  [o]   the purchases of the last purchase day
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.errors import BadInput, NotEnoughHistory
from core.interactions import Interactions
from models.metrics.ranking.splits import Split, day_after, describe_repeats, drop_empty, make_split
from models.recommenders.engine.holdout import in_last_basket


@dataclass(frozen=True)
class LastBasketOut:
    """The truth is each customer's last basket, the history their earlier ones.

    A basket is what a customer buys on one day, and that day is the day to recommend for. The training data contain
    later purchases of other customers, as in the papers, so the figures say less about the future than those of a time
    split.
    """

    name: ClassVar[str] = "last_basket_out"

    baskets_back: int = 1
    "1 is the last basket; 2 the one before, with the last one removed entirely: to choose settings by."
    masks_seen: bool = False
    "Whether items bought before are neither recommended nor counted."

    @property
    def description(self) -> str:
        """What is trained on, who is evaluated and what counts as a hit."""
        which = "last" if self.baskets_back == 1 else f"last but {self.baskets_back - 1}"
        return (
            f"the {which} basket (what a customer bought on one day) of every customer with an earlier one is the "
            "truth; trained on all baskets before it, those of other customers too; "
            f"{describe_repeats(masks_seen=self.masks_seen)}"
        )

    def split(self, interactions: Interactions) -> Split:
        """Hold out the last basket of every customer with at least two, `baskets_back` times.

        Raises NotEnoughHistory where no customer has that many.
        """
        if self.baskets_back < 1:
            raise BadInput(f"baskets_back is {self.baskets_back}; 1 is the last basket, 2 the one before")
        training, truth = interactions, interactions.histories
        for _ in range(self.baskets_back):
            is_last = in_last_basket(training.histories)
            truth = training.histories.keep(is_last)
            training = training.with_histories(training.histories.keep(~is_last))
        if not len(truth.items):
            raise NotEnoughHistory(
                f"no customer bought on {self.baskets_back + 1} different days, so there is no earlier basket to find "
                f"the {'last one' if self.baskets_back == 1 else 'held-out one'} from"
            )
        training = drop_empty(training)
        split = make_split(training, truth, cutoff=day_after(training), masks_seen=False, own_days=True)
        return split.mask_seen() if self.masks_seen else split


PROTOCOL = LastBasketOut
