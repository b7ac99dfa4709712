"""The events of campaigns in the database: two processes cannot both start, stop or advance a campaign."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.campaigns import CampaignEvent, require_transition
from core.errors import WrongTransition
from serving.decisions.database import DecisionDatabase


@dataclass(frozen=True)
class CampaignLog:
    """The events of the campaigns of one data set."""

    database: DecisionDatabase
    data_set: str

    @classmethod
    def at(cls, database_url: str | None, file: Path, *, data_set: str) -> CampaignLog:
        """The log in the database at this URL, or in the SQLite file if there is none."""
        return cls(DecisionDatabase.at(database_url, file), data_set)

    def events(self) -> dict[str, list[CampaignEvent]]:
        """The events of each campaign that has one, oldest first."""
        from serving.decisions.schema import CAMPAIGN_EVENTS, event_of

        if not self.database.exists:
            return {}
        c, by_campaign = CAMPAIGN_EVENTS.c, dict[str, list[CampaignEvent]]()
        query = CAMPAIGN_EVENTS.select().where(c.data_set == self.data_set).order_by(c.campaign_id, c.position)
        with self.database.begin() as connection:
            for row in connection.execute(query).mappings():
                by_campaign.setdefault(row["campaign_id"], []).append(event_of(row))
        return by_campaign

    def record(self, event: CampaignEvent) -> None:
        """Store an event. Raises WrongTransition where it cannot follow those before; nothing is changed then."""
        from sqlalchemy.dialects import postgresql, sqlite

        from serving.decisions.schema import CAMPAIGN_EVENTS, row_of_event

        self.database.create()
        earlier = self.events().get(event.campaign_id, [])
        require_transition(earlier, event)
        row = row_of_event(event, self.data_set, position=len(earlier))
        with self.database.begin() as connection:
            engine = postgresql if connection.dialect.name == "postgresql" else sqlite
            statement = engine.insert(CAMPAIGN_EVENTS).values(row).on_conflict_do_nothing()
            is_stored = connection.execute(statement.returning(CAMPAIGN_EVENTS.c.position)).first() is not None
        if not is_stored:
            raise WrongTransition(
                f"campaign '{event.campaign_id}' was changed by another process at the same moment; nothing was "
                "changed by this one, look at it with `kizuna campaign show`"
            )
