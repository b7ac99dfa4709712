"""What retention contacts of the customers of a release are worth, and the action to recommend for each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.retention import RetentionTerms
from core.segmentation import CustomerWorthKind
from models.artifact import Artifact
from serving.release.lookup import TextColumn

NAME = "retention"
NO_OFFER = -1
ARRAYS = ("offer", "values", "rank", "may_contact")


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
    pays_above: float | None = None
    """\
    The churn probability above which this action, or the best one where there is none, pays for this customer. Null
    where no probability is high enough, and where there is no net value."""


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


REFUSES_CONTACT = RecommendedAction(kind="none", none_because=NoAction.NO_CONSENT)
VALUE_UNKNOWN = RecommendedAction(kind="none", none_because=NoAction.VALUE_UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class RetentionPart:
    """Row i of every array, (n,), belongs to row i of the churn scores."""

    assumptions: RetentionAssumptions | None
    "None where the value of all customers is unknown."
    offers: tuple[SavingOffer, ...]
    offer: NDArray[np.int16]
    "Place in `offers` of the cheapest one for which the customer is eligible; NO_OFFER for none."
    segment_actions: TextColumn
    "What the first of the customer's segments with an action says; '' for none."
    values: NDArray[np.float64]
    "What a customer is worth who stays, base currency; NaN if unknown."
    rank: NDArray[np.int32]
    "Place in the list by expected net value, from 0; customers who refuse contact come last."
    may_contact: NDArray[np.bool_]

    def to_artifacts(self) -> dict[str, Artifact]:
        """The part as one folder of a release."""
        state = {"assumptions": self.assumptions, "offers": self.offers}
        actions = {"action_words": self.segment_actions.words, "action_codes": self.segment_actions.codes}
        arrays = {name: getattr(self, name) for name in ARRAYS}
        return {NAME: Artifact("retention", msgspec.to_builtins(state), {**arrays, **actions})}

    @classmethod
    def from_artifacts(cls, artifacts: Mapping[str, Artifact]) -> RetentionPart:
        """The part that was stored."""
        arrays, state = artifacts[NAME].arrays, artifacts[NAME].state
        return cls(
            assumptions=msgspec.convert(state["assumptions"], RetentionAssumptions | None),
            offers=msgspec.convert(state["offers"], tuple[SavingOffer, ...]),
            segment_actions=TextColumn(arrays["action_words"], arrays["action_codes"]),
            **{name: arrays[name] for name in ARRAYS},
        )

    def recommend(self, row: int, probability: float, *, n_decimals: int) -> RecommendedAction:
        """The action for the customer in a row of the churn scores, with this churn probability.

        The offer goes first if it pays, then the action of the segment. Where the value of the customer is unknown,
        what the business has named.
        """
        if not self.may_contact[row]:
            return REFUSES_CONTACT
        value, options = float(self.values[row]), self._options_of(row)
        if self.assumptions is None or math.isnan(value):
            kind, offer_id, text, _ = options[0]
            return VALUE_UNKNOWN if kind == "contact" else RecommendedAction(kind=kind, offer_id=offer_id, text=text)
        terms = [self.assumptions.terms if one.place == NO_OFFER else self._offer_terms[one.place] for one in options]
        net_values = [round(one.net_values(probability, value), n_decimals) for one in terms]
        best = next((place for place, one in enumerate(net_values) if one > 0), net_values.index(max(net_values)))
        kind, offer_id, text, _ = options[best]
        none_because = self._explain_none(row, net_values[best])
        if none_because is not None:
            kind, offer_id, text = "none", None, ""
        return RecommendedAction(
            kind=kind,
            offer_id=offer_id,
            text=text,
            none_because=none_because,
            expected_net_value=net_values[best],
            pays_above=terms[best].threshold_for(value),
        )

    @cached_property
    def _offer_terms(self) -> tuple[RetentionTerms, ...]:
        """The terms of a contact with each offer."""
        return (
            () if self.assumptions is None else tuple(self.assumptions.terms.with_cost(one.cost) for one in self.offers)
        )

    def _options_of(self, row: int) -> list[_Option]:
        """The actions that are open for a customer: the offer, then the segment's action or any other contact."""
        place, text = int(self.offer[row]), self.segment_actions[row]
        options = [_Option("segment_action" if text else "contact", None, text, NO_OFFER)]
        if place != NO_OFFER:
            options.insert(0, _Option("offer", self.offers[place].offer_id, "", place))
        return options

    def _explain_none(self, row: int, net_value: float) -> NoAction | None:
        if net_value <= 0:
            return NoAction.DOES_NOT_PAY
        capacity = None if self.assumptions is None else self.assumptions.capacity
        return None if capacity is None or self.rank[row] < capacity else NoAction.CAPACITY


class _Option(NamedTuple):
    """An action that is open for a customer."""

    kind: Literal["offer", "segment_action", "contact"]
    offer_id: str | None
    text: str
    place: int
    "Of the offer in the part; NO_OFFER for another action."
