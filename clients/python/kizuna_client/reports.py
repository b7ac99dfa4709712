"""What requests contain: events, outcomes, changes of items, and filters of recommendations.

Names and fields are those of the service's OpenAPI document. Times have an offset, as in
2026-04-01T12:00:00+09:00, or are a datetime with a time zone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NotRequired, TypedDict

OutcomeKind = Literal["clicked", "complained", "converted", "opened", "sent", "shown", "unsubscribed"]
Moment = str | datetime


class _Event(TypedDict):
    """Who, and when; without a time, when the service received it. Without an event_id the client makes one."""

    event_id: NotRequired[str | None]
    event_time: NotRequired[Moment | None]


class _CustomerEvent(_Event):
    customer_id: NotRequired[str | None]
    anonymous_id: NotRequired[str | None]


class _ItemEvent(_CustomerEvent):
    item_id: str
    channel: NotRequired[str | None]
    recommendation_id: NotRequired[str | None]


class Purchase(_ItemEvent):
    """A line of an order; `amount` is in the base currency or in `currency`."""

    type: Literal["purchase"]
    amount: float
    quantity: NotRequired[float]
    order_id: NotRequired[str | None]
    line_id: NotRequired[str | None]
    currency: NotRequired[str | None]


class View(_ItemEvent):
    """A customer looked at an item."""

    type: Literal["view"]


class Cart(_ItemEvent):
    """A customer put an item into the cart."""

    type: Literal["cart"]
    quantity: NotRequired[float]


class Like(_ItemEvent):
    """A customer likes an item."""

    type: Literal["like"]


class Rate(_ItemEvent):
    """A customer rated an item, from 1 (bad) to 5 (good)."""

    type: Literal["rate"]
    rating: float


class Exposure(_ItemEvent):
    """A customer was shown an item; `position` counts from 1."""

    type: Literal["exposure"]
    position: NotRequired[int | None]


class Preference(_CustomerEvent):
    """A customer stated which values of an attribute of items they prefer."""

    type: Literal["preference"]
    key: str
    values: Sequence[str]


class Consent(_CustomerEvent):
    """A customer permits or refuses a purpose, such as contact:mail."""

    type: Literal["consent"]
    purpose: str
    granted: bool


class Identify(_Event):
    """An anonymous visitor is this customer."""

    type: Literal["identify"]
    anonymous_id: str
    customer_id: str


EventReport = Purchase | View | Cart | Like | Rate | Exposure | Preference | Consent | Identify


class ReportedOutcome(TypedDict):
    """Something that came of a decision. Without an outcome_id, decision, kind and time make one."""

    decision_id: str
    kind: OutcomeKind
    event_time: Moment
    outcome_id: NotRequired[str | None]
    amount: NotRequired[float | None]


class ChangedItem(TypedDict):
    """New values of an item; what is not given stays as it is."""

    item_id: str
    title: NotRequired[str | None]
    category: NotRequired[str | None]
    price: NotRequired[float | None]
    available: NotRequired[bool | None]
    attributes: NotRequired[Mapping[str, str]]


class RecommendationFilters(TypedDict, total=False):
    """What a request for recommendations may contain besides the customer, the history and the number."""

    preferences: Mapping[str, str | Sequence[str]]
    exclude: Sequence[str]
    where: Mapping[str, Sequence[str]]
    price_min: float | None
    price_max: float | None
    in_stock: bool
    repeat_policy: Literal["allow", "due", "never"] | None
    discovery: float | None
    at_most_per_category: int | None
    diversity: float
    contributions: int
    similar_to: str | None
    bought_with: str | None
    trending: bool
