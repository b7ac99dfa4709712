"""Stores events until the webhook has accepted them, and keeps those that it refused as dead letters.

    added --delivered--> no row
      |
      '--rejected, or failed in max_runs runs--> dead letter --resend--> added

Events with data are stored as they were. Of a task only the id is stored: it may be done before it is delivered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from core.errors import NotFound
from core.tasks import TaskState
from core.webhooks import DeadLetter, EventType
from serving.webhooks.database import OutboxDatabase

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, RowMapping

NO_DEAD_LETTER = "there is no such dead letter; see `kizuna tasks dead`"


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """An event in the outbox."""

    number: int
    webhook_id: str
    type: EventType
    data: str | None
    "JSON; None for a task."
    created_at: datetime
    n_runs: int


@dataclass(frozen=True)
class Failure:
    """What a run got instead of an acceptance."""

    problem: str
    status: int | None
    is_rejected: bool = False
    "Whether the webhook does not want this event, whenever it comes."


@dataclass(frozen=True)
class Outbox:
    """The events of one data set; data sets may share a database."""

    database: OutboxDatabase
    data_set: str

    @classmethod
    def at(cls, database_url: str | None, file: Path, *, data_set: str) -> Outbox:
        """The outbox in the database at this URL, or in the SQLite file if there is none."""
        return cls(OutboxDatabase.at(database_url, file), data_set)

    def add_open_tasks(self) -> None:
        """Add each open task that was neither delivered nor added yet, oldest first. The tables of tasks must exist."""
        from sqlalchemy import literal, null, select

        from serving.tasks.schema import TASKS
        from serving.webhooks.schema import OUTBOX

        self.database.create()
        c, is_known = TASKS.c, select(OUTBOX.c.number).where(OUTBOX.c.webhook_id == TASKS.c.task_id).exists()
        columns = (c.data_set, c.task_id, literal(str(EventType.TASK_CREATED)), null(), c.created_at, literal(0))
        is_waiting = (c.data_set == self.data_set) & (c.state == str(TaskState.OPEN)) & c.delivered_at.is_(None)
        tasks = select(*columns, literal("")).where(is_waiting & ~is_known).order_by(c.number)
        names = ("data_set", "webhook_id", "type", "data", "created_at", "n_runs", "problem")
        with self.database.begin() as connection:
            connection.execute(OUTBOX.insert().from_select(names, tasks))

    def add(self, event: EventType, events: Sequence[tuple[str, bytes]], *, now: datetime) -> None:
        """Add events, each with its id and its data as JSON, in one transaction; those that wait already are kept."""
        from sqlalchemy.dialects import postgresql, sqlite

        from serving.webhooks.schema import OUTBOX

        self.database.create()
        same = {
            "data_set": self.data_set,
            "type": str(event),
            "created_at": _to_column(now),
            "n_runs": 0,
            "problem": "",
        }
        rows = [{"webhook_id": webhook_id, "data": data.decode(), **same} for webhook_id, data in events]
        with self.database.begin() as connection:
            engine = postgresql if connection.dialect.name == "postgresql" else sqlite
            connection.execute(engine.insert(OUTBOX).on_conflict_do_nothing(), rows)

    def read_compared_release(self) -> str | None:
        """The release whose risk levels were compared last; None before the first."""
        from sqlalchemy import select

        from serving.webhooks.schema import COMPARED

        if not self.database.exists:
            return None
        with self.database.begin() as connection:
            is_own = COMPARED.c.data_set == self.data_set
            return connection.execute(select(COMPARED.c.release_id).where(is_own)).scalar()

    def set_compared_release(self, release_id: str) -> None:
        """Store which release was compared last; its events are in the outbox by then."""
        from serving.webhooks.schema import COMPARED

        self.database.create()
        with self.database.begin() as connection:
            connection.execute(COMPARED.delete().where(COMPARED.c.data_set == self.data_set))
            connection.execute(COMPARED.insert().values(data_set=self.data_set, release_id=release_id))

    def find(self, event: EventType, limit: int, *, after: int = 0) -> list[Waiting]:
        """Events that are no dead letters, oldest first; `after` is the number of the last one before them."""
        from sqlalchemy import select

        from serving.webhooks.schema import OUTBOX

        if not self.database.exists:
            return []
        c = OUTBOX.c
        columns = [c[name] for name in Waiting.__struct_fields__]
        of_type = self._is_alive() & (c.type == str(event)) & (c.number > after)
        with self.database.begin() as connection:
            rows = connection.execute(select(*columns).where(of_type).order_by(c.number).limit(limit)).mappings().all()
        return [msgspec.convert(_fields_of(row, Waiting), Waiting) for row in rows]

    def count(self, events: Iterable[EventType]) -> int:
        """How many events of these types wait; dead letters are not counted."""
        from sqlalchemy import func, select

        from serving.webhooks.schema import OUTBOX

        if not self.database.exists:
            return 0
        of_types = self._is_alive() & OUTBOX.c.type.in_([str(event) for event in events])
        with self.database.begin() as connection:
            return connection.execute(select(func.count()).select_from(OUTBOX).where(of_types)).scalar_one()

    def remove(self, waiting: Waiting) -> None:
        """Remove an event that was delivered, or that no longer applies."""
        from serving.webhooks.schema import OUTBOX

        with self.database.begin() as connection:
            connection.execute(OUTBOX.delete().where(OUTBOX.c.number == waiting.number))

    def record_failure(self, waiting: Waiting, failure: Failure, *, max_runs: int, now: datetime) -> bool:
        """Count a run that failed. Returns whether the event is a dead letter now: rejected, or failed in max_runs."""
        from serving.webhooks.schema import OUTBOX

        is_dead = failure.is_rejected or waiting.n_runs + 1 >= max_runs
        values: dict[str, Any] = {
            "n_runs": waiting.n_runs + 1,
            "problem": failure.problem,
            "status": failure.status,
            "dead_since": _to_column(now) if is_dead else None,
        }
        with self.database.begin() as connection:
            connection.execute(OUTBOX.update().where(OUTBOX.c.number == waiting.number).values(values))
        return is_dead

    def find_dead(self, limit: int) -> list[DeadLetter]:
        """The dead letters, the newest first."""
        from sqlalchemy import select

        from serving.webhooks.schema import OUTBOX

        if not self.database.exists:
            return []
        columns = [OUTBOX.c[name] for name in DeadLetter.__struct_fields__]
        query = select(*columns).where(self._is_dead()).order_by(OUTBOX.c.dead_since.desc(), OUTBOX.c.number.desc())
        with self.database.begin() as connection:
            rows = connection.execute(query.limit(limit)).mappings().all()
        return [msgspec.convert(_fields_of(row, DeadLetter), DeadLetter) for row in rows]

    def count_dead(self) -> int:
        """How many dead letters there are."""
        from sqlalchemy import func, select

        from serving.webhooks.schema import OUTBOX

        if not self.database.exists:
            return 0
        with self.database.begin() as connection:
            return connection.execute(select(func.count()).select_from(OUTBOX).where(self._is_dead())).scalar_one()

    def revive(self, webhook_ids: Iterable[str] | None) -> int:
        """Make these dead letters, or all, wait again with no failed runs; returns their number.

        Raises NotFound for an id that is none; nothing is changed then.
        """
        from serving.webhooks.schema import OUTBOX

        if not self.database.exists:
            if webhook_ids is None:
                return 0
            raise NotFound(NO_DEAD_LETTER)
        revived = OUTBOX.update().values(dead_since=None, n_runs=0)
        with self.database.begin() as connection:
            if webhook_ids is None:
                return connection.execute(revived.where(self._is_dead())).rowcount
            for webhook_id in (ids := list(dict.fromkeys(webhook_ids))):
                is_letter = self._is_dead() & (OUTBOX.c.webhook_id == webhook_id)
                if not connection.execute(revived.where(is_letter)).rowcount:
                    raise NotFound(f"'{webhook_id}': {NO_DEAD_LETTER}")
        return len(ids)

    def _is_alive(self) -> ColumnElement[bool]:
        from serving.webhooks.schema import OUTBOX

        return (OUTBOX.c.data_set == self.data_set) & OUTBOX.c.dead_since.is_(None)

    def _is_dead(self) -> ColumnElement[bool]:
        from serving.webhooks.schema import OUTBOX

        return (OUTBOX.c.data_set == self.data_set) & OUTBOX.c.dead_since.is_not(None)


def _to_column(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _fields_of(row: RowMapping, kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The columns of a row that are fields of a struct; times in UTC."""
    values = {name: row[name] for name in kind.__struct_fields__}
    return {name: one.replace(tzinfo=UTC) if isinstance(one, datetime) else one for name, one in values.items()}
