"""The options of each customer: offers in channels, what each is expected to be worth, and why some are not allowed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.decisions import NoContact
from core.offers import Offer

REASONS: tuple[NoContact, ...] = tuple(NoContact)
"The reason with the code c is REASONS[c - 1]; code 0 is allowed."
ALLOWED = 0


def code_of(reason: NoContact) -> int:
    """The code of a reason in arrays."""
    return REASONS.index(reason) + 1


@dataclass(frozen=True, kw_only=True)
class Option:
    """An offer in a channel, for all who may get it or for the audience of one campaign."""

    offer: Offer
    channel: str | None = None
    campaign_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class CustomerState:
    """What expected values are computed from; every array is (n,)."""

    customer_ids: NDArray[np.str_]
    churn_probabilities: NDArray[np.float64]
    "Within the horizon; NaN where unknown."
    remaining_values: NDArray[np.float64]
    "Expected margin of the customer over the horizon of the value model if the customer stays, base currency."

    def __len__(self) -> int:
        return len(self.customer_ids)


@dataclass(frozen=True, kw_only=True)
class OptionValues:
    """The expected value of each option for each customer, base currency, and its parts; arrays are (n, m).

    value = acceptance * margin + retained - cost - fatigue          as stated by the configuration, or
    value = effect * margin + retained - cost - fatigue              where the effect on acceptance was measured
    """

    value: NDArray[np.float64]
    acceptance: NDArray[np.float64]
    "P(the customer accepts), or its change by the contact: measured, or common to the measured offers."
    margin: NDArray[np.float64]
    retained: NDArray[np.float64]
    "Change in retention times the remaining value."
    cost: NDArray[np.float64]
    "Of the contact: of the offer and of the channel."
    fatigue: NDArray[np.float64]
    "What is lost through customers who unsubscribe because of the contact."
    sources: tuple[dict[str, str], ...]
    "(m,) where each part comes from, by part, e.g. {'acceptance': 'contacts: 312 of 4,810 accepted'}."
