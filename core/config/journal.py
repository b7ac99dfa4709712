"""`[journal]`: which tables get the events that `POST /v1/events` has stored."""

from __future__ import annotations

from core.config.section import Section
from core.errors import did_you_mean
from core.events import EVENT_TABLES

ALWAYS = ("exposures", "preferences", "consents", "identities")
"""Tables that say something new, or that nothing but `kizuna attribution` reads.

Of the others, a table of events alone would look as if nothing had happened before."""


class JournalSettings(Section, frozen=True):
    """How stored events join the tables."""

    tables: tuple[str, ...] | None = None
    """\
    Tables that events are added to: purchases, usage (view, cart, like, rate), exposures, preferences, consents,
    identities, items (those that only `PATCH /v1/items` has named). A row of the source wins over the same event.
    Default: all but those of purchases, usage and items that `[tables]` lacks. With `usage` and no such table in
    `[tables]`, customers seem to have used nothing before the first event."""

    def __post_init__(self) -> None:
        for name in self.tables or ():
            if name not in EVENT_TABLES:
                raise ValueError(f"[journal] no events belong to a table '{name}'{did_you_mean(name, EVENT_TABLES)}")

    def uses(self, table: str, *, is_mapped: bool) -> bool:
        """Whether a table gets its events; `is_mapped` where it stands under `[tables]`."""
        return (is_mapped or table in ALWAYS) if self.tables is None else table in self.tables
