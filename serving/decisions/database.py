"""The database of decisions, outcomes and campaigns."""

from __future__ import annotations

from typing import ClassVar

from serving.database import StoreDatabase, StoreSchema


class DecisionDatabase(StoreDatabase):
    """Transactions on the tables of decisions, outcomes and campaigns."""

    store: ClassVar[str] = "decision"

    def load_schema(self) -> StoreSchema:
        """The tables of `serving.decisions.schema`."""
        from serving.decisions.schema import SCHEMA

        return SCHEMA
