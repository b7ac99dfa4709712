"""What a site or an app reports as it happens: the events of the journal, and the contract table of each.

    type          table         what it says
    purchase      purchases     a line of an order
    view, cart, like, rate      usage: `event` is the type, `value` the rating
    exposure      exposures     an item was shown
    preference    preferences   a customer stated one
    consent       consents      a customer permits or refuses a purpose
    identify      identities    an anonymous visitor is this customer
    item          items         price, stock or attributes of an item changed, or it is new

`content_of` and `event_of` are the journal's schema: one JSON object for each event.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar

import msgspec

from core.ids import Id, canonical_id, is_id

CustomerId = Annotated[Id, msgspec.Meta(description="A customer's id, as in the tables.", examples=["17850"])]
AnonymousId = Annotated[Id, msgspec.Meta(description="Of a visitor who is not logged in.", examples=["visit-7f3a"])]
ItemId = Annotated[Id, msgspec.Meta(description="An item's id, as in the tables.", examples=["22423"])]
EventId = Annotated[
    Id, msgspec.Meta(description="Made by the sender: the same id twice is one event.", examples=["web-90210-1"])
]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Money = Annotated[float, msgspec.Meta(ge=-1e12, le=1e12)]
Quantity = Annotated[float, msgspec.Meta(gt=0, le=1e9)]
Rating = Annotated[float, msgspec.Meta(ge=1, le=5, description="From 1 (bad) to 5 (good).")]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Text = Annotated[str, msgspec.Meta(max_length=1024)]
Position = Annotated[int, msgspec.Meta(ge=1, le=10_000, description="Place in the list, from 1.")]
Price = Annotated[float, msgspec.Meta(ge=0, le=1e12, description="Base currency.")]

CLOCK_TOLERANCE = timedelta(days=1)
"How far in the future a sender's clock may lie."
OLDEST = datetime(1970, 1, 1, tzinfo=UTC)
COLUMNS_OF_ITEMS = ("item_id", "title", "category", "price", "available")
"What a change of an item gives in fields of its own."
LIKED_FROM = 3.0
"Ratings below say that a customer does not like an item."


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Something that happened; each type is a struct of its own.

    Its `subject` is whom or what it is about: the id of a customer, of an anonymous visitor or of an item.
    """

    table: ClassVar[str]
    "The table of the contract that the event belongs to."

    event_id: EventId
    event_time: Moment | None = None
    "With an offset, such as 2026-04-01T12:00:00+09:00. Default: when the service received it."

    def refusal(self, now: datetime) -> str:
        """Why the event cannot be stored; '' if it can. `now` is in UTC."""
        if self.event_time is not None and self.event_time > now + CLOCK_TOLERANCE:
            return "event_time is more than a day in the future"
        if self.event_time is not None and self.event_time < OLDEST:
            return "event_time is before 1970"
        return self.find_fault()

    def find_fault(self) -> str:
        """Why the event cannot be stored at any time; '' if it can."""
        has_nul = any("\0" in text for text in msgspec.structs.astuple(self) if isinstance(text, str))
        return "a text contains a NUL character" if has_nul else ""


class CustomerEvent(Event, frozen=True, kw_only=True, omit_defaults=True):
    """An event of a customer or of an anonymous visitor."""

    customer_id: CustomerId | None = None
    anonymous_id: AnonymousId | None = None
    "Of a visitor without a customer_id; an `identify` event says later whose it is."

    @property
    def subject(self) -> str:
        """The customer, or the visitor."""
        return canonical_id(self.customer_id or self.anonymous_id or "")

    def find_fault(self) -> str:
        """Why the event cannot be stored at any time; '' if it can."""
        if (self.customer_id is None) == (self.anonymous_id is None):
            return "give exactly one of customer_id and anonymous_id"
        return super().find_fault() or explain_no_id(self.subject)


class ItemEvent(CustomerEvent, frozen=True, kw_only=True, omit_defaults=True):
    """An event of a customer with an item."""

    item_id: ItemId
    channel: Word | None = None
    recommendation_id: Word | None = None
    "Of the response that showed the item; it gets the credit."

    def find_fault(self) -> str:
        """Why the event cannot be stored at any time; '' if it can."""
        return super().find_fault() or explain_no_id(canonical_id(self.item_id), field="item_id")


class Purchase(ItemEvent, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="purchase"):
    """A line of an order. A line with the same `line_id`, or `order_id` and `item_id`, is the same in the tables."""

    table = "purchases"

    amount: Money
    "Of the whole line; negative for a return."
    quantity: Quantity = 1.0
    order_id: Id | None = None
    line_id: Id | None = None
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")] | None = None
    "ISO 4217. Default: the base currency of the data set."


class View(ItemEvent, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="view"):
    """A customer looked at an item."""

    table = "usage"


class Cart(ItemEvent, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="cart"):
    """A customer put an item into the cart."""

    table = "usage"

    quantity: Quantity = 1.0


class Like(ItemEvent, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="like"):
    """A customer marked an item as liked."""

    table = "usage"


class Rate(ItemEvent, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="rate"):
    """A customer rated an item."""

    table = "usage"

    rating: Rating


class Exposure(ItemEvent, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="exposure"):
    """An item was shown to a customer."""

    table = "exposures"

    position: Position | None = None


class Preference(CustomerEvent, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="preference"):
    """A preference that a customer stated."""

    table = "preferences"

    key: Word
    "An attribute of items, such as category."
    values: Annotated[tuple[Word, ...], msgspec.Meta(max_length=100)]
    "They replace earlier ones for the same key."


class Consent(CustomerEvent, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="consent"):
    """What a customer permits or refuses."""

    table = "consents"

    purpose: Annotated[str, msgspec.Meta(pattern="^(score|recommend|contact|contact:.{1,64})$")]
    "score, recommend, contact, or contact:<channel>."
    granted: bool


class Identify(Event, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="identify"):
    """An anonymous visitor is a customer; what the visitor did before belongs to the customer."""

    table = "identities"

    anonymous_id: AnonymousId
    customer_id: CustomerId

    @property
    def subject(self) -> str:
        """The visitor."""
        return canonical_id(self.anonymous_id)

    def find_fault(self) -> str:
        """Why the event cannot be stored at any time; '' if it can."""
        customer_id = canonical_id(self.customer_id)
        return super().find_fault() or explain_no_id(self.subject) or explain_no_id(customer_id)


class ItemChange(Event, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="item"):
    """New values of an item's columns; what is not given stays as it is. An unknown item is new."""

    table = "items"

    item_id: ItemId
    title: Text | None = None
    category: Word | None = None
    price: Price | None = None
    available: bool | None = None
    attributes: Annotated[dict[Word, Word], msgspec.Meta(max_length=50)] = msgspec.field(default_factory=dict)
    "Values of further attributes that the TOML lists."

    def value_of(self, attribute: str) -> str | None:
        """The new value of an attribute; None if it stays as it is."""
        return self.category if attribute == "category" else self.attributes.get(attribute)

    @property
    def subject(self) -> str:
        """The item."""
        return canonical_id(self.item_id)

    def find_fault(self) -> str:
        """Why the event cannot be stored at any time; '' if it can."""
        if any("\0" in text for pair in self.attributes.items() for text in pair):
            return "a text contains a NUL character"
        if any(name in COLUMNS_OF_ITEMS for name in self.attributes):
            return f"{', '.join(COLUMNS_OF_ITEMS)} are fields of their own, and no attributes"
        return super().find_fault() or explain_no_id(self.subject, field="item_id")


CustomerReport = Purchase | View | Cart | Like | Rate | Exposure | Preference | Consent | Identify
"What `POST /v1/events` takes."
AnyEvent = CustomerReport | ItemChange

EVENT_TABLES = ("purchases", "usage", "exposures", "preferences", "consents", "identities", "items")
"Tables of a data set that events are rows of."

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(AnyEvent)


def explain_no_id(canonical: str, *, field: str = "the id") -> str:
    """Why a canonical text is no id in the tables either; '' if it is one."""
    return "" if is_id(canonical) else f"{field} is blank, too long or a value of JSON, or has lost digits"


def content_of(event: Event, *, received_at: datetime) -> bytes:
    """The event as JSON with the time at which it happened, UTC."""
    moment = (event.event_time or received_at).astimezone(UTC)
    return _ENCODER.encode(msgspec.structs.replace(event, event_time=moment))


def event_of(content: bytes | str) -> AnyEvent:
    """The event in a row of the journal. Raises msgspec.DecodeError for what is none."""
    return _DECODER.decode(content)


def moment_of(event: Event) -> datetime:
    """When a stored event happened, UTC."""
    if event.event_time is None:
        raise ValueError("a stored event has a time")
    return event.event_time


def type_of(event: Event) -> str:
    """The name of the event's type, as in its JSON."""
    return str(event.__struct_config__.tag)
