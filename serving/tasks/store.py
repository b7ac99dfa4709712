"""Tasks, kept once: added, found, changed, marked as delivered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import NotFound
from core.tasks import Task, TaskChange, TaskState, apply_change
from serving.tasks.database import TaskDatabase

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True)
class TaskFilter:
    """Which tasks are meant; None leaves it open."""

    state: TaskState | None = None
    owner: str | None = None
    customer_id: str | None = None
    undelivered: bool = False
    "Only those that no webhook has taken yet."


@dataclass(frozen=True)
class FoundTasks:
    """Some tasks, newest first."""

    tasks: list[Task]
    next_before: int | None
    "Where the next ones go on; None where there are no more."


@dataclass(frozen=True)
class TaskStore:
    """The tasks of one data set; several data sets may share a database."""

    database: TaskDatabase
    data_set: str

    @classmethod
    def at(cls, database_url: str | None, file: Path, data_set: str) -> TaskStore:
        """In the database that the environment names, otherwise in this SQLite file."""
        return cls(TaskDatabase.at(database_url, file), data_set)

    def add(self, tasks: Sequence[Task], cooldown_days: int) -> list[Task]:
        """Keep the tasks that are new, all in one transaction; returns these.

        A task is not new where its episode has one already, or where one of the same customer and kind began less
        than `cooldown_days` away from it: a replay that begins on another day sees the same fall a few days off.
        """
        self.database.make()
        with self.database.begin() as connection:
            return [task for task in tasks if _added(connection, task, timedelta(days=cooldown_days))]

    def find(self, wanted: TaskFilter, limit: int, before: int | None = None) -> FoundTasks:
        """At most `limit` tasks, newest first; `before` is where an earlier answer ended."""
        from serving.tasks.schema import TASKS, task_of

        if not self.database.is_made:
            return FoundTasks([], None)
        asked = TASKS.select().where(*self._conditions(wanted, before)).order_by(TASKS.c.number.desc()).limit(limit + 1)
        with self.database.begin() as connection:
            rows = connection.execute(asked).mappings().all()
        return FoundTasks(
            [task_of(row) for row in rows[:limit]], rows[limit - 1]["number"] if len(rows) > limit else None
        )

    def change(self, task_id: str, change: TaskChange, now: datetime) -> Task:
        """The task after a change, which is kept. Raises NotFound, or WrongTransition for a step it cannot take."""
        from serving.tasks.schema import TASKS, row_of, task_of

        mine = (TASKS.c.data_set == self.data_set) & (TASKS.c.task_id == task_id)
        if not self.database.is_made:
            raise NotFound("there is no such task")
        with self.database.begin() as connection:
            # Writing first holds the row on either engine, so that nobody changes it between reading and writing.
            if not connection.execute(TASKS.update().where(mine).values(note=TASKS.c.note)).rowcount:
                raise NotFound("there is no such task")
            task = apply_change(task_of(connection.execute(TASKS.select().where(mine)).mappings().one()), change, now)
            connection.execute(TASKS.update().where(mine).values(row_of(task)))
        return task

    def mark_delivered(self, task: Task, now: datetime) -> None:
        """Note that the webhook took it."""
        from serving.tasks.schema import TASKS, stored

        taken = TASKS.update().where(TASKS.c.task_id == task.task_id).values(delivered_at=stored(now))
        with self.database.begin() as connection:
            connection.execute(taken)

    def _conditions(self, wanted: TaskFilter, before: int | None) -> list[Any]:
        from serving.tasks.schema import TASKS

        c, conditions = TASKS.c, [TASKS.c.data_set == self.data_set]
        for name in ("state", "owner", "customer_id"):
            value = getattr(wanted, name)
            if value is not None:
                conditions.append(c[name] == str(value))
        if wanted.undelivered:
            conditions.append(c.delivered_at.is_(None))
        return conditions if before is None else [*conditions, c.number < before]


def _added(connection: Connection, task: Task, quiet: timedelta) -> bool:
    """Insert a task unless its fall has one; one statement, so that two who do so at once make one task."""
    from sqlalchemy import literal, select
    from sqlalchemy.dialects import postgresql, sqlite

    from serving.tasks.schema import TASKS, row_of

    row, c = row_of(task), TASKS.c
    same = (c.data_set == task.data_set) & (c.customer_id == task.customer_id) & (c.kind == task.kind)
    near = (c.episode > task.episode - quiet) & (c.episode < task.episode + quiet)
    values = select(*(literal(value, c[name].type) for name, value in row.items()))
    wanted = values.where(~select(c.number).where(same & near).exists())
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(TASKS)
    return (
        connection.execute(insert.from_select(list(row), wanted).on_conflict_do_nothing().returning(c.number)).first()
        is not None
    )
