"""What handlers ask of the journal, and the journal of those who have none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from core.errors import SourceUnavailable
from core.events import AnyEvent, ItemChange
from serving.journal.customer import LiveCustomer


class Journal(Protocol):
    """Stores events, and knows those that the release does not contain."""

    @property
    def items(self) -> Mapping[str, ItemChange]:
        """The newest values of items that have changed, by id."""
        ...

    async def append(self, events: Sequence[AnyEvent]) -> int:
        """Store events durably; returns how many are new. Raises SourceUnavailable if nothing was stored."""
        ...

    def customer(self, subject: str) -> LiveCustomer | None:
        """What the events say about a customer or an anonymous visitor; None without any."""
        ...


class NoJournal:
    """Answers from the release alone."""

    items: Mapping[str, ItemChange] = {}

    async def append(self, events: Sequence[AnyEvent]) -> int:
        """Store nothing."""
        raise SourceUnavailable(f"there is no journal for {len(events)} events")

    def customer(self, subject: str) -> LiveCustomer | None:
        """None: no customer has events."""
        del subject


NO_JOURNAL = NoJournal()
