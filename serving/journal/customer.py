"""What the events since the release say about one customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.events import LIKED_FROM, Cart, Consent, Like, Preference, Purchase, Rate, View, moment_of
from core.ids import canonical_id
from serving.journal.database import StoredEvent

MAX_INTERESTS = 20
"The newest items that a customer has shown interest in; older ones say less about what is wanted now."
Interest = View | Cart | Like | Rate


@dataclass(frozen=True, kw_only=True)
class LiveCustomer:
    """One customer's events that the release does not contain."""

    customer_id: str
    "The customer, also where the request named an anonymous visitor."
    n_events: int = 0
    purchases: Sequence[Purchase] = ()
    "Oldest first; a line that was reported twice occurs once. No returns."
    interests: Sequence[Interest] = ()
    "Items viewed, put into the cart, liked or rated well: the newest event of each, oldest first."
    disliked: frozenset[str] = frozenset()
    "Items that were last rated badly."
    preferences: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    "The latest values by attribute of items."
    consents: Mapping[str, bool] = field(default_factory=dict[str, bool])
    "The latest answer by purpose."

    @property
    def says_something(self) -> bool:
        """Whether the events bear on what is recommended."""
        return bool(self.purchases or self.interests or self.disliked or self.preferences)

    def refuses(self, purpose: str, *, before: bool) -> bool:
        """Whether the customer refuses a purpose now; `before` is what the release says."""
        return not self.consents.get(purpose, not before)


def summarise_events(customer_id: str, events: Sequence[StoredEvent]) -> LiveCustomer:
    """What the events of a customer say, in the order in which they happened."""
    ordered = sorted((stored.event for stored in events), key=moment_of)
    preferences, consents = dict[str, tuple[str, ...]](), dict[str, bool]()
    interests = dict[str, Interest]()
    for event in ordered:
        match event:
            case Preference():
                preferences[event.key] = event.values
            case Consent():
                consents[event.purpose.lower()] = event.granted
            case View() | Cart() | Like() | Rate():
                item = canonical_id(event.item_id) or event.item_id
                interests.pop(item, None)
                interests[item] = event
            case _:
                pass
    disliked = {item for item, event in interests.items() if isinstance(event, Rate) and event.rating < LIKED_FROM}
    liked = [event for item, event in interests.items() if item not in disliked]
    return LiveCustomer(
        customer_id=customer_id,
        n_events=len(events),
        purchases=_find_purchases([event for event in ordered if isinstance(event, Purchase)]),
        interests=liked[-MAX_INTERESTS:],
        disliked=frozenset(disliked),
        preferences=preferences,
        consents=consents,
    )


def _find_purchases(lines: Sequence[Purchase]) -> list[Purchase]:
    """The lines, each once, as it was reported last, without returned ones."""
    newest = dict[tuple[str, ...], Purchase]()
    for line in lines:
        newest[key_of(line)] = line
    returned = {(line.order_id, line.item_id) for line in newest.values() if line.amount < 0 and line.order_id}
    return [line for line in newest.values() if line.amount >= 0 and (line.order_id, line.item_id) not in returned]


def key_of(line: Purchase) -> tuple[str, ...]:
    """What makes two reports one line of an order, here and in the tables."""
    if line.line_id is not None:
        return ("line", line.line_id)
    if line.order_id is not None:
        return ("order", line.order_id, line.item_id, "return" if line.amount < 0 else "")
    return ("event", line.event_id)
