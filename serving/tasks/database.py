"""The database of the tasks."""

from __future__ import annotations

from typing import ClassVar

from serving.database import StoreDatabase, StoreSchema


class TaskDatabase(StoreDatabase):
    """Transactions on the task tables."""

    store: ClassVar[str] = "task"

    def load_schema(self) -> StoreSchema:
        """The tables of `serving.tasks.schema`."""
        from serving.tasks.schema import SCHEMA

        return SCHEMA
