"""The database of the outbox: the one of the tasks, whose undelivered ones are added in one statement."""

from __future__ import annotations

from typing import ClassVar

from serving.database import StoreDatabase, StoreSchema


class OutboxDatabase(StoreDatabase):
    """Transactions on the outbox."""

    store: ClassVar[str] = "webhook"

    def load_schema(self) -> StoreSchema:
        """The tables of `serving.webhooks.schema`."""
        from serving.webhooks.schema import SCHEMA

        return SCHEMA
