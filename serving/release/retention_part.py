"""What retention contacts of the customers of a release are worth, and the action to recommend for each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.retention import RetentionTerms
from core.segmentation import CustomerWorthKind
from models.artifact import Artifact

NAME = "retention"
NO_OFFER = -1


class NoAction(StrEnum):
    """Why no action is recommended."""

    NO_CONSENT = "no_consent"
    "The customer refuses contact."
    DOES_NOT_PAY = "does_not_pay"
    "No action is expected to bring in more than it costs."
    CAPACITY = "capacity"
    "Other customers are worth more, and `[retention] capacity` is used up."
    VALUE_UNKNOWN = "value_unknown"
    "The value of the customer is unknown, and no segment names an action."


class RecommendedAction(msgspec.Struct, frozen=True, kw_only=True):
    """What to do to keep one customer."""

    kind: Literal["offer", "segment_action", "contact", "none"]
    """\
    offer: an offer of `[offers] saving_kinds` for which the customer is eligible. segment_action: what the first of the
    customer's segments with an action says. contact: any other contact on the terms of `[retention]`."""
    offer_id: str | None = None
    "The offer to make, for kind offer."
    text: str = ""
    "What the TOML says to do, for kind segment_action."
    none_because: NoAction | None = None
    "Why there is no action, for kind none."
    expected_net_value: float | None = None
    """\
    Of the action, base currency: churn probability times save rate times value, less cost. Of the best action where
    none pays or the capacity is used up. Null where the value is unknown, and for customers who refuse contact."""


class SavingOffer(msgspec.Struct, frozen=True, kw_only=True):
    """An offer that keeps customers."""

    offer_id: str
    kind: str
    cost: float
    "Of making it once, its channel included, base currency."


class RetentionAssumptions(msgspec.Struct, frozen=True, kw_only=True):
    """What recommended actions assume."""

    terms: RetentionTerms
    value_kind: CustomerWorthKind | Literal["stated"]
    "What a customer is worth: predicted, the margin or revenue of the last 365 days, or stated in the TOML."
    capacity: int | None
    "Customers who can be contacted; null without a limit."
    min_net_value: float
    "The expected net value from which the capacity reaches a customer, base currency; 0 where it reaches all who pay."


@dataclass(frozen=True, kw_only=True)
class RetentionPart:
    """Row i of every array, (n,), belongs to row i of the churn scores."""

    assumptions: RetentionAssumptions
    offers: tuple[SavingOffer, ...]
    offer: NDArray[np.int16]
    "Place in `offers` of the cheapest one for which the customer is eligible; NO_OFFER for none."
    values: NDArray[np.float64]
    "What a customer is worth who stays, base currency; NaN if unknown."
    rank: NDArray[np.int32]
    "Place in the list by expected net value, from 0; customers who refuse contact come last."

    def to_artifacts(self) -> dict[str, Artifact]:
        """The part as one folder of a release."""
        state = {"assumptions": self.assumptions, "offers": self.offers}
        arrays = {"offer": self.offer, "values": self.values, "rank": self.rank}
        return {NAME: Artifact("retention", msgspec.to_builtins(state), arrays)}

    @classmethod
    def from_artifacts(cls, artifacts: Mapping[str, Artifact]) -> RetentionPart:
        """The part that was stored."""
        arrays, state = artifacts[NAME].arrays, artifacts[NAME].state
        return cls(
            assumptions=msgspec.convert(state["assumptions"], RetentionAssumptions),
            offers=msgspec.convert(state["offers"], tuple[SavingOffer, ...]),
            offer=arrays["offer"],
            values=arrays["values"],
            rank=arrays["rank"],
        )

    def recommend(self, row: int, probability: float, *, segment_action: str, n_decimals: int) -> RecommendedAction:
        """The action for the customer in a row of the churn scores, with this probability, who may be contacted.

        The offer goes first if it pays, then the action of the segment.
        """
        value = float(self.values[row])
        actions = list(self._price_actions(row, segment_action))
        if math.isnan(value):
            return without_value(actions[0][0])
        priced = [(action, round(terms.net_values(probability, value), n_decimals)) for action, terms in actions]
        action, net_value = next((one for one in priced if one[1] > 0), max(priced, key=lambda one: one[1]))
        none_because = self._explain_none(row, net_value)
        if none_because is not None:
            action = RecommendedAction(kind="none", none_because=none_because)
        return msgspec.structs.replace(action, expected_net_value=net_value)

    def _price_actions(self, row: int, segment_action: str) -> list[tuple[RecommendedAction, RetentionTerms]]:
        """The actions that are open for a customer, with the terms of each."""
        place, terms = int(self.offer[row]), self.assumptions.terms
        actions: list[tuple[RecommendedAction, RetentionTerms]] = []
        if place != NO_OFFER:
            offer = self.offers[place]
            action = RecommendedAction(kind="offer", offer_id=offer.offer_id)
            actions.append((action, terms.with_cost(offer.cost)))
        return [*actions, (name_action(segment_action), terms)]

    def _explain_none(self, row: int, net_value: float) -> NoAction | None:
        if net_value <= 0:
            return NoAction.DOES_NOT_PAY
        capacity = self.assumptions.capacity
        return None if capacity is None or self.rank[row] < capacity else NoAction.CAPACITY


def name_action(segment_action: str) -> RecommendedAction:
    """The action of the customer's segment, or a contact of any other kind where no segment names one."""
    if segment_action:
        return RecommendedAction(kind="segment_action", text=segment_action)
    return RecommendedAction(kind="contact")


def without_value(action: RecommendedAction) -> RecommendedAction:
    """The action where the value of the customer is unknown: only what the business named."""
    if action.kind == "contact":
        return RecommendedAction(kind="none", none_because=NoAction.VALUE_UNKNOWN)
    return action
