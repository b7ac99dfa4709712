"""How the item lists of a release treat what a customer has bought before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.recommendations import RepeatPolicy
from models.recommenders.engine.exclusions import Exclusions


@dataclass(frozen=True)
class RepeatRules:
    """How item lists treat what a customer has bought before, unless a request states its own rules."""

    repeat_policy: RepeatPolicy = "allow"
    discovery: float = 0.0
    "From 0 to 1: the share of their score that items of the history lose."
    has_days: bool = True
    "Whether it is known on which days customers bought; otherwise no reason names a day."

    def exclude(self, is_gone: NDArray[np.bool_]) -> Exclusions:
        """What these rules and the stock exclude; (m,) whether an item is out of stock."""
        return Exclusions(
            items=is_gone,
            seen=self.repeat_policy == "never",
            not_due=self.repeat_policy == "due",
            discovery=self.discovery,
        )
