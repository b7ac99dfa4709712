"""The task table, the same in SQLite and PostgreSQL; times are UTC without an offset.

The Japanese of a default action is not stored: it is looked up when a task is read.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from core.health import action_in_japanese
from core.ids import MAX_ID_LENGTH
from core.tasks import Task
from serving.database import StoreSchema

VERSION = 1
NOT_STORED = ("action_ja",)
"Fields of a task without a column."
SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"SQLite increments INTEGER keys only."

METADATA = sa.MetaData()

TASKS = sa.Table(
    "kizuna_tasks",
    METADATA,
    sa.Column("number", SERIAL, primary_key=True, autoincrement=True),
    sa.Column("task_id", sa.String(16), nullable=False, unique=True),
    sa.Column("data_set", sa.String(64), nullable=False),
    sa.Column("customer_id", sa.String(MAX_ID_LENGTH), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("episode", sa.Date, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("reason_en", sa.Text, nullable=False),
    sa.Column("reason_ja", sa.Text, nullable=False),
    sa.Column("dimension", sa.String(32), nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("score_before", sa.Float),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("changed_at", sa.DateTime, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("outcome", sa.String(16)),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("delivered_at", sa.DateTime),
    sa.UniqueConstraint("data_set", "customer_id", "kind", "episode", name="kizuna_one_task_an_episode"),
    sa.Index("kizuna_tasks_of_state", "data_set", "state", "number"),
    sa.Index("kizuna_tasks_of_owner", "data_set", "owner", "number"),
)

VERSIONS = sa.Table(
    "kizuna_tasks_schema", METADATA, sa.Column("version", sa.Integer, primary_key=True, autoincrement=False)
)
SCHEMA = StoreSchema(METADATA, VERSIONS, VERSION)


def row_of(task: Task) -> dict[str, Any]:
    """A task as a row."""
    return {name: to_column(value) for name, value in msgspec.structs.asdict(task).items() if name not in NOT_STORED}


def task_of(row: sa.RowMapping) -> Task:
    """The task in a row."""
    stored = {name: _from_column(row[name]) for name in Task.__struct_fields__ if name not in NOT_STORED}
    return msgspec.convert({**stored, "action_ja": action_in_japanese(row["action"])}, Task)


def to_column(value: Any) -> Any:
    """A field as its column stores it: times in UTC without an offset, enums as text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None)
    return str(value) if isinstance(value, str) else value


def _from_column(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
