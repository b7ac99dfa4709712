"""The budget and the capacities of one run, and what contacts leave of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.policies.allocation.problem import Resource
from models.policies.candidates import Option

BUDGET = "budget"


@dataclass(frozen=True, kw_only=True)
class SpendingLimits:
    """What the contacts of one run may use."""

    budget: float | None = None
    "Base currency; None is unlimited."
    offers: dict[str, int] = field(default_factory=dict)
    "Contacts left of each offer; one that is not listed is unlimited."
    channels: dict[str, int] = field(default_factory=dict)
    "Contacts of each channel; one that is not listed is unlimited."

    @property
    def are_scarce(self) -> bool:
        """Whether anything is limited."""
        return self.budget is not None or bool(self.offers) or bool(self.channels)

    def resources(self, options: Sequence[Option], *, costs: NDArray[np.float64]) -> tuple[Resource, ...]:
        """The limits as resources of an allocation problem; `costs` are (m,) or (n, m)."""
        listed: list[Resource] = []
        if self.budget is not None:
            listed.append(Resource(BUDGET, self.budget, costs))
        for offer_id, limit in self.offers.items():
            usage = np.array([float(option.offer.offer_id == offer_id) for option in options])
            listed.append(Resource(f"capacity of {offer_id}", limit, usage))
        for channel, limit in self.channels.items():
            usage = np.array([float(option.channel == channel) for option in options])
            listed.append(Resource(f"capacity of {channel}", limit, usage))
        return tuple(listed)

    def allows(self, option: Option, *, cost: float) -> bool:
        """Whether one more contact fits."""
        fits = self.budget is None or cost <= self.budget
        return fits and self.offers.get(option.offer.offer_id, 1) > 0 and self.channels.get(option.channel or "", 1) > 0

    def after(self, option: Option, *, cost: float) -> SpendingLimits:
        """What is left after one contact."""
        return self.less({option: 1}, spent=cost)

    def less(self, made: Mapping[Option, int], *, spent: float) -> SpendingLimits:
        """What is left after several contacts by option, and what they cost together."""
        offers, channels = dict(self.offers), dict(self.channels)
        for option, n in made.items():
            for left, name in ((offers, option.offer.offer_id), (channels, option.channel)):
                if name in left:
                    left[name] = max(0, left[name] - n)
        return SpendingLimits(
            budget=None if self.budget is None else max(0.0, self.budget - spent), offers=offers, channels=channels
        )
