"""A published split: a training and a test file, such as LightGCN's of Gowalla (He et al. 2020)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.interactions import Histories, Interactions
from models.metrics.ranking.splits import Split, day_after, drop_empty, make_split


@dataclass(frozen=True)
class FixedSplit:
    """The truth is a test file."""

    name: ClassVar[str] = "fixed_split"

    test: Histories
    masks_seen: bool = True

    @property
    def description(self) -> str:
        """What is trained on, who is evaluated and what counts as a hit."""
        masked = (
            "items of the training file are neither recommended nor counted"
            if self.masks_seen
            else "repeat purchases count"
        )
        return f"the published training and test file; all items are ranked, {masked}"

    def split(self, interactions: Interactions) -> Split:
        """The interactions of the training file with the test file as truth."""
        split = make_split(drop_empty(interactions), self.test, cutoff=day_after(interactions), masks_seen=False)
        return split.mask_seen() if self.masks_seen else split


PROTOCOL = FixedSplit
