"""How recommenders are put to the test, as named objects, so that figures can be laid beside those of the papers.

    GlobalTimeSplit   learnt from [------------) cutoff [--- truth ---)
    LastBasketOut     each customer's own  o  o  o  o  [o]   the last day with purchases is the truth
    FixedSplit        two files, as somebody else has split them
    HeldOutShare      a share of each customer's items, drawn: the validation part of a training file

Every protocol turns interactions into one `Split`; `models.metrics.generate` asks a model by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar, Protocol

import numpy as np

from core.errors import BadInput
from core.interactions import Histories, Interactions
from models.metrics.splits import Split, day_after, split_of, with_histories, with_lines


class SplitProtocol(Protocol):
    """A way to put recommenders to the test."""

    name: ClassVar[str]

    @property
    def says(self) -> str:
        """What is learnt from, who is asked and what counts as found, in words for people."""
        ...

    def split(self, interactions: Interactions) -> Split:
        """Divide what was bought. Raises NotEnoughHistory where nobody can be asked."""
        ...


@dataclass(frozen=True)
class GlobalTimeSplit:
    """One cutoff for everybody: nothing after it is seen, what is bought within the horizon is the truth."""

    name: ClassVar[str] = "global_time_split"

    cutoff: date
    horizon_days: int

    @property
    def says(self) -> str:
        """In words."""
        return (
            f"learnt from what was bought before {self.cutoff}; asked are those customers who bought in the "
            f"{self.horizon_days} days from then; repeat purchases count"
        )

    def split(self, interactions: Interactions) -> Split:
        """Divide at the cutoff; customers without a purchase before it are not asked."""
        known = with_lines(interactions.before(self.cutoff))
        end = np.datetime64(self.cutoff + timedelta(days=self.horizon_days), "s")
        later = interactions.since(self.cutoff).histories
        return split_of(known, later.keep(later.times < end), self.cutoff, masks_seen=False)


@dataclass(frozen=True)
class LastBasketOut:
    """Each customer's last basket is the truth, their earlier ones the history (as in next-basket papers).

    A basket is what one customer bought on one day, and each is asked on the day of it. Others' purchases of later
    days are learnt from, as in the papers, so figures say less about tomorrow than those of a time split.
    """

    name: ClassVar[str] = "last_basket_out"

    baskets_back: int = 1
    "1 is the last; 2 the one before, with the last taken away entirely: to choose settings by."

    @property
    def says(self) -> str:
        """In words."""
        which = "last" if self.baskets_back == 1 else f"last but {self.baskets_back - 1}"
        return (
            f"the {which} basket (what a customer bought on one day) of everybody with an earlier one is the truth; "
            "learnt from all baskets before it, everybody else's too; repeat purchases count"
        )

    def split(self, interactions: Interactions) -> Split:
        """Hold out the last basket of everybody who has two or more, `baskets_back` times."""
        if self.baskets_back < 1:
            raise BadInput(f"baskets_back is {self.baskets_back}; 1 is the last basket, 2 the one before")
        known, truth = interactions, interactions.histories
        for _ in range(self.baskets_back):
            last = _in_last_basket(known.histories)
            truth, known = known.histories.keep(last), with_histories(known, known.histories.keep(~last))
        known = with_lines(known)
        return split_of(known, truth, day_after(known), masks_seen=False, own_days=True)


@dataclass(frozen=True)
class FixedSplit:
    """Two files as somebody else has split them, such as LightGCN's of Gowalla (He et al. 2020)."""

    name: ClassVar[str] = "fixed_split"

    test: Histories
    masks_seen: bool = True

    @property
    def says(self) -> str:
        """In words."""
        masked = "items of the training file are masked" if self.masks_seen else "repeat purchases count"
        return f"the published training and test file; all items are ranked, {masked}"

    def split(self, interactions: Interactions) -> Split:
        """The interactions of the training file beside the test file."""
        return split_of(with_lines(interactions), self.test, day_after(interactions), self.masks_seen)


@dataclass(frozen=True)
class HeldOutShare:
    """A share of each customer's different items, drawn at random: to choose settings where there are no times."""

    name: ClassVar[str] = "held_out_share"

    share: float = 0.2
    seed: int = 7

    @property
    def says(self) -> str:
        """In words."""
        return (
            f"{self.share:.0%} of each customer's items, drawn with seed {self.seed}, are the truth; all items are "
            "ranked, the rest of the customer's are masked"
        )

    def split(self, interactions: Interactions) -> Split:
        """Hold out floor(share * items) different items of each customer, with all of their lines."""
        if not 0 < self.share < 1:
            raise BadInput(f"the share held out is {self.share}; give one between 0 and 1")
        held = _drawn(interactions.histories, self.share, self.seed)
        known = with_lines(with_histories(interactions, interactions.histories.keep(~held)))
        return split_of(known, interactions.histories.keep(held), day_after(interactions), masks_seen=True)


def _in_last_basket(histories: Histories) -> np.ndarray:
    """(lines,) bool: bought on the last day of a customer who bought on two or more."""
    days = histories.times.astype("datetime64[D]")
    if not len(days):
        return np.empty(0, dtype=bool)
    bounds = np.clip(histories.indptr, 0, len(days) - 1)
    first, last = days[bounds[:-1]], days[np.maximum(histories.indptr[1:] - 1, 0)]
    return ((days == last[histories.customers]) & (last > first)[histories.customers]).astype(bool)


def _drawn(histories: Histories, share: float, seed: int) -> np.ndarray:
    """(lines,) bool: of a pair of customer and item that was drawn."""
    m = len(histories.item_ids)
    pairs, places = np.unique(histories.customers * m + histories.items, return_inverse=True)
    owners = pairs // m
    order = np.lexsort((np.random.default_rng(seed).random(len(pairs)), owners))
    counts = np.bincount(owners, minlength=len(histories))
    begins = np.cumsum(counts) - counts
    drawn = np.empty(len(pairs), dtype=bool)
    drawn[order] = np.arange(len(pairs)) - begins[owners] < np.floor(share * counts + 1e-9)[owners]
    return drawn[places]
