"""One cutoff for all customers: fit on what comes before it, evaluate on the horizon after it.

training [------------) cutoff [--- truth ---)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

import numpy as np

from core.interactions import Interactions
from models.metrics.ranking.splits import Split, describe_repeats, drop_empty, make_split


@dataclass(frozen=True)
class GlobalTimeSplit:
    """The truth is what customers buy within the horizon after one common cutoff."""

    name: ClassVar[str] = "global_time_split"

    cutoff: date
    horizon_days: int
    masks_seen: bool = False
    "Whether items bought before are neither recommended nor counted."

    @property
    def description(self) -> str:
        """What is trained on, who is evaluated and what counts as a hit."""
        return (
            f"trained on purchases before {self.cutoff}; evaluated on customers with a purchase in "
            f"the {self.horizon_days} days from then; {describe_repeats(masks_seen=self.masks_seen)}"
        )

    def split(self, interactions: Interactions) -> Split:
        """Split at the cutoff; customers without a purchase before it are not evaluated."""
        training = drop_empty(interactions.before(self.cutoff))
        end = np.datetime64(self.cutoff + timedelta(days=self.horizon_days), "s")
        later = interactions.since(self.cutoff).histories
        split = make_split(training, later.keep(later.times < end), cutoff=self.cutoff, masks_seen=False)
        return split.mask_seen() if self.masks_seen else split


PROTOCOL = GlobalTimeSplit
