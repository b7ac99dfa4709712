"""The database of API keys and their use."""

from __future__ import annotations

from typing import ClassVar

from serving.database import StoreDatabase, StoreSchema


class KeyDatabase(StoreDatabase):
    """Transactions on the tables of keys and of requests a day."""

    store: ClassVar[str] = "key"

    def load_schema(self) -> StoreSchema:
        """The tables of `serving.keys.schema`."""
        from serving.keys.schema import SCHEMA

        return SCHEMA
