"""What became of any number of events, over all blocks."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from kizuna_client.answers import EventsResponse, RefusedEntry
from kizuna_client.errors import KizunaError


@dataclass
class EventTotals:
    """`stored`, `already_stored` and the refused ones add up to all events."""

    stored: int = 0
    already_stored: int = 0
    refused: list[RefusedEntry] = field(default_factory=list[RefusedEntry])
    "With positions among all events, from 0."

    @property
    def n_events(self) -> int:
        """All events that were answered."""
        return self.stored + self.already_stored + len(self.refused)

    def add(self, answer: EventsResponse) -> None:
        """Add the answer to the next block."""
        before = self.n_events
        self.stored += answer["stored"]
        self.already_stored += answer["already_stored"]
        self.refused += [
            RefusedEntry(position=before + refusal["position"], reason=refusal["reason"])
            for refusal in answer["refused"]
        ]

    @contextmanager
    def noting_progress(self) -> Generator[None, None, None]:
        """Say in an error how many events were answered before it, so that the caller can go on from there."""
        try:
            yield
        except KizunaError as error:
            error.add_note(f"the first {self.n_events:,} events were answered before")
            raise
