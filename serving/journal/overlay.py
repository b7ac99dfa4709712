"""What one worker keeps in memory of the journal: the events that the active release does not contain.

    release            cutoff       built          now
    |--- its tables ---|            |              |
                       |--- events of the overlay -|

At most MAX_EVENTS events and as many links of visitors are kept, about 60 MB; older links are in the release. Beyond
that, the events of the customers who were silent for longest leave the memory, and are read from the journal when one
of these customers asks.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from core.events import Consent, Identify, ItemChange, moment_of
from core.ids import canonical_id
from serving.journal.customer import summarise_events
from serving.journal.database import Position, StoredEvent, microseconds_of
from serving.release.identity_part import AliasLink, IdentityPart

MAX_EVENTS = 100_000
MAX_OF_CUSTOMER = 500
"The newest events of a customer that are kept."
MARKS = 1 << 25
"Bits that tell in one look-up who has no events, 4 MB. With a million customers who have some, 3 % of others seem to."
MAX_ITEMS = 100_000
"Items with changes that are kept; the ones that changed first leave."
MAX_LINKS = 16
"From an id to its customer; a longer chain counts as a circle, as in `tables.identities`."


class Overlay:
    """Events by customer, and changed items, since a position of the journal."""

    def __init__(self, position: Position, *, links: IdentityPart | None = None, max_events: int = MAX_EVENTS) -> None:
        self.position = position
        self.links = links
        "Those of the release."
        self.last_number = position.number
        "Of the newest event that was added."
        self.items: dict[str, ItemChange] = {}
        "The newest values by item_id; another object after each change."
        self._events: OrderedDict[str, list[StoredEvent]] = OrderedDict()
        "By customer or visitor, the one with the newest event last."
        self._customers: dict[str, AliasLink] = {}
        "The customer of each visitor who was linked, or did something, since the release."
        self._visitors: dict[str, list[str]] = {}
        "The visitors that are a customer."
        self._marks = bytearray(MARKS // 8)
        self._n_events = 0
        self._has_forgotten = False
        self._max_events = max_events

    def __len__(self) -> int:
        return self._n_events

    def add(self, rows: Iterable[StoredEvent]) -> None:
        """Add events in the order of the journal; one that was added before is added once."""
        changes = list[ItemChange]()
        for stored in rows:
            if stored.number <= self.last_number and not self._is_late(stored):
                continue
            self.last_number = max(self.last_number, stored.number)
            if isinstance(stored.event, ItemChange):
                changes.append(stored.event)
            else:
                self._add(stored)
        if changes:
            self.items = change_all(self.items, changes)
        self._forget_silent()

    def find_customer(self, subject: str) -> str:
        """The customer that a visitor is; for others, and in a circle of links, the id itself."""
        links = [link.customer_id for _, link in self._links_of(subject)]
        return links[-1] if 0 < len(links) <= MAX_LINKS else subject

    def find_subjects(self, customer_id: str) -> list[str]:
        """The customer and the visitors that the customer was."""
        subjects = [customer_id]
        for subject in subjects:
            subjects += [one for one in self._visitors.get(subject, ()) if one not in subjects]
        return subjects

    def may_concern(self, subject: str) -> bool:
        """False for a customer or visitor without events, in memory or not."""
        place = hash(subject) % MARKS
        return bool(self._marks[place >> 3] & (1 << (place & 7)))

    def may_have_forgotten(self, subject: str) -> bool:
        """Whether there may be events that are not in memory any more."""
        return self._has_forgotten and subject not in self._events and self.may_concern(subject)

    def events_of(self, subjects: Sequence[str]) -> list[StoredEvent]:
        """The events of a customer under all ids, in the order of the journal."""
        if len(subjects) == 1:
            return self._events.get(subjects[0], [])
        return sorted(stored for subject in subjects for stored in self._events.get(subject, ()))

    def find_consents(self) -> dict[str, Mapping[str, bool]]:
        """The latest answers of each customer, by purpose."""
        answering = [
            subject
            for subject, events in self._events.items()
            if any(isinstance(stored.event, Consent) for stored in events)
        ]
        customers = dict.fromkeys(map(self.find_customer, answering))
        return {one: summarise_events(one, self.events_of(self.find_subjects(one))).consents for one in customers}

    def _is_late(self, stored: StoredEvent) -> bool:
        """Whether an event is older than the position, but not in the release; those are added first, in one go."""
        return self.last_number <= self.position.number and not self.position.contains(stored)

    def _links_of(self, subject: str) -> Iterator[tuple[str, AliasLink]]:
        """The visitor and the link of each step from an id to its customer."""
        for _ in range(MAX_LINKS + 1):
            link = self._customers.get(subject)
            if link is None and self.links is not None:
                link = self.links.find(subject)
            if link is None:
                return
            yield subject, link
            subject = link.customer_id

    def _add(self, stored: StoredEvent) -> None:
        event = stored.event
        if isinstance(event, Identify):
            self._link(event)
        elif self.links is not None:
            for visitor, link in self._links_of(event.subject):
                self._keep(visitor, link)
        self._mark(event.subject)
        events = self._events.setdefault(event.subject, [])
        events.append(stored)
        self._events.move_to_end(event.subject)
        self._n_events += 1
        if len(events) > MAX_OF_CUSTOMER:
            del events[0]
            self._n_events -= 1

    def _link(self, event: Identify) -> None:
        """Keep the link of an event, unless a newer one is there."""
        visitor, moment = event.subject, microseconds_of(moment_of(event))
        _, before = next(self._links_of(visitor), (visitor, None))
        if before is None or before.linked_at <= moment:
            self._keep(visitor, AliasLink(canonical_id(event.customer_id) or "", moment))

    def _keep(self, visitor: str, link: AliasLink) -> None:
        self._unlink(visitor)
        self._mark(link.customer_id)
        self._customers[visitor] = link
        self._visitors.setdefault(link.customer_id, []).append(visitor)
        if len(self._customers) > self._max_events:
            self._unlink(next(iter(self._customers)))

    def _mark(self, subject: str) -> None:
        place = hash(subject) % MARKS
        self._marks[place >> 3] |= 1 << (place & 7)

    def _unlink(self, visitor: str) -> None:
        link = self._customers.pop(visitor, None)
        if link is not None:
            visitors = self._visitors[link.customer_id]
            visitors.remove(visitor)
            if not visitors:
                del self._visitors[link.customer_id]

    def _forget_silent(self) -> None:
        while self._n_events > self._max_events:
            _, events = self._events.popitem(last=False)
            self._n_events -= len(events)
            self._has_forgotten = True


def change_all(before: Mapping[str, ItemChange], changes: Iterable[ItemChange]) -> dict[str, ItemChange]:
    """The newest values of items after some changes, the item that changed last at the end."""
    items = dict(before)
    for change in changes:
        earlier = items.pop(change.subject, None)
        items[change.subject] = change if earlier is None else merge_changes(earlier, change)
        if len(items) > MAX_ITEMS:
            del items[next(iter(items))]
    return items


def merge_changes(before: ItemChange, after: ItemChange) -> ItemChange:
    """Both changes of an item as one; what the later one does not give stays."""
    given = {name: value for name, value in msgspec.structs.asdict(after).items() if value is not None}
    given["attributes"] = {**before.attributes, **after.attributes}
    return msgspec.structs.replace(before, **given)
