"""Stores tasks: each is added once, and can be found, changed and marked as delivered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from core.errors import NotFound
from core.tasks import Task, TaskChange, TaskState, apply_change
from serving.tasks.database import TaskDatabase

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, kw_only=True)
class TaskFilter:
    """Selects tasks; None matches all."""

    state: TaskState | None = None
    owner: str | None = None
    customer_id: str | None = None
    customer_ids: tuple[str, ...] | None = None
    "Tasks of any of these customers."
    undelivered: bool = False
    "Only tasks that the webhook has not accepted yet."


@dataclass(frozen=True)
class TaskPage:
    """Some tasks, newest first."""

    tasks: list[Task]
    next_cursor: int | None
    "The cursor of the next page; None on the last one."


class ChangedTask(NamedTuple):
    """A task before and after a change."""

    before: Task
    after: Task


@dataclass(frozen=True)
class TaskStore:
    """The tasks of one data set; data sets may share a database."""

    database: TaskDatabase
    data_set: str

    @classmethod
    def at(cls, database_url: str | None, file: Path, *, data_set: str) -> TaskStore:
        """The store in the database at this URL, or in the SQLite file if there is none."""
        return cls(TaskDatabase.at(database_url, file), data_set)

    def add(self, tasks: Sequence[Task], *, cooldown_days: int, most: int | None = None) -> list[Task]:
        """Store the tasks that are new, the first `most` of them, in one transaction, and return them.

        A task is not new if its episode has a task, or if the same customer has one of the same kind whose episode
        began less than `cooldown_days` before or after: a replay from another day dates the same drop a few days off.
        """
        self.database.create()
        with self.database.begin() as connection:
            added = (task for task in tasks if _insert_if_new(connection, task, cooldown=timedelta(days=cooldown_days)))
            return list(islice(added, most))

    def count_left_this_week(self, max_per_week: int | None, *, now: datetime) -> int | None:
        """How many more tasks may be stored now if at most this many are within 7 days; None without a limit."""
        from sqlalchemy import func, select

        from serving.tasks.schema import TASKS, to_column

        if max_per_week is None:
            return None
        if not self.database.exists:
            return max_per_week
        is_recent = (TASKS.c.data_set == self.data_set) & (TASKS.c.created_at > to_column(now - timedelta(days=7)))
        with self.database.begin() as connection:
            n_recent = connection.execute(select(func.count()).select_from(TASKS).where(is_recent)).scalar_one()
        return max(0, max_per_week - n_recent)

    def find(self, task_filter: TaskFilter, limit: int, *, cursor: int | None = None) -> TaskPage:
        """Find at most `limit` tasks, newest first; `cursor` is the previous page's `next_cursor`."""
        from serving.tasks.schema import TASKS, task_of

        if not self.database.exists:
            return TaskPage([], None)
        conditions = self._conditions(task_filter, cursor)
        query = TASKS.select().where(*conditions).order_by(TASKS.c.number.desc()).limit(limit + 1)
        with self.database.begin() as connection:
            rows = connection.execute(query).mappings().all()
        has_more = len(rows) > limit
        return TaskPage([task_of(row) for row in rows[:limit]], rows[limit - 1]["number"] if has_more else None)

    def get(self, task_id: str) -> Task | None:
        """The task with this id; None if there is none."""
        from serving.tasks.schema import TASKS, task_of

        if not self.database.exists:
            return None
        is_task = (TASKS.c.data_set == self.data_set) & (TASKS.c.task_id == task_id)
        with self.database.begin() as connection:
            row = connection.execute(TASKS.select().where(is_task)).mappings().first()
        return None if row is None else task_of(row)

    def change(
        self,
        task_id: str,
        change: TaskChange,
        *,
        now: datetime,
        before_commit: Callable[[ChangedTask], None] = lambda _: None,
    ) -> ChangedTask:
        """Change a task. Raises NotFound, or WrongTransition for a state it cannot change to.

        `before_commit` gets the change before it is made.
        """
        from serving.tasks.schema import TASKS, row_of, task_of

        is_task = (TASKS.c.data_set == self.data_set) & (TASKS.c.task_id == task_id)
        if not self.database.exists:
            raise NotFound("there is no such task")
        with self.database.begin() as connection:
            # An update comes first, because it locks the row on both engines until the second one.
            if not connection.execute(TASKS.update().where(is_task).values(note=TASKS.c.note)).rowcount:
                raise NotFound("there is no such task")
            before = task_of(connection.execute(TASKS.select().where(is_task)).mappings().one())
            after = apply_change(before, change, now=now)
            connection.execute(TASKS.update().where(is_task).values(row_of(after)))
            before_commit(ChangedTask(before, after))
        return ChangedTask(before, after)

    def mark_delivered(self, task: Task, *, now: datetime) -> None:
        """Store that the webhook accepted a task."""
        from serving.tasks.schema import TASKS, to_column

        update = TASKS.update().where(TASKS.c.task_id == task.task_id).values(delivered_at=to_column(now))
        with self.database.begin() as connection:
            connection.execute(update)

    def _conditions(self, task_filter: TaskFilter, cursor: int | None) -> list[Any]:
        from serving.tasks.schema import TASKS

        c, conditions = TASKS.c, [TASKS.c.data_set == self.data_set]
        for name in ("state", "owner", "customer_id"):
            value = getattr(task_filter, name)
            if value is not None:
                conditions.append(c[name] == str(value))
        if task_filter.customer_ids is not None:
            conditions.append(c.customer_id.in_(task_filter.customer_ids))
        if task_filter.undelivered:
            conditions.append(c.delivered_at.is_(None))
        return conditions if cursor is None else [*conditions, c.number < cursor]


def _insert_if_new(connection: Connection, task: Task, *, cooldown: timedelta) -> bool:
    """Insert a task unless there is one for its drop. One statement, so that two processes insert it once."""
    from sqlalchemy import literal, select
    from sqlalchemy.dialects import postgresql, sqlite

    from serving.tasks.schema import TASKS, row_of

    row, c = row_of(task), TASKS.c
    is_same_kind = (c.data_set == task.data_set) & (c.customer_id == task.customer_id) & (c.kind == task.kind)
    is_near = (c.episode > task.episode - cooldown) & (c.episode < task.episode + cooldown)
    values = select(*(literal(value, c[name].type) for name, value in row.items()))
    values = values.where(~select(c.number).where(is_same_kind & is_near).exists())
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(TASKS)
    statement = insert.from_select(list(row), values).on_conflict_do_nothing().returning(c.number)
    return connection.execute(statement).first() is not None
