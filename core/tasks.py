"""Tasks: what somebody is to do about one customer, from its making to what came of it.

    open ---> done, dismissed      with or without an outcome
      ^          |
      '----------'                 taken up again; its outcome goes

A task is named after what it is about, so that making it twice makes one.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from core.digest import digest_of
from core.errors import WrongTransition

HEALTH_DROP = "health_drop"
"The kind of a task that a fall in health makes."


class TaskState(StrEnum):
    """How far a task has come."""

    OPEN = "open"
    DONE = "done"
    DISMISSED = "dismissed"


class TaskOutcome(StrEnum):
    """What came of a task."""

    KEPT = "kept"
    LOST = "lost"
    FALSE_ALARM = "false_alarm"
    OTHER = "other"


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be done about one customer."""

    task_id: str
    "16 hex digits of what it is about: data set, customer, kind and episode."
    data_set: str
    customer_id: str
    kind: str
    episode: date
    "The day on which what it is about began: one task an episode."
    owner: str
    "Whose it is; '' is nobody's yet."
    reason_en: str
    reason_ja: str
    dimension: str
    "The side of the customer's health that fell most."
    action: str
    "What is suggested, in the business's own words or in English."
    action_ja: str
    "The same in Japanese; the business's own words as they are."
    score: float
    "Health when it was made, 0 to 100."
    score_before: float | None
    "Health before it fell; null where nothing was known of the customer then."
    due_on: date
    created_at: datetime
    "UTC."
    changed_at: datetime
    "UTC."
    state: TaskState = TaskState.OPEN
    outcome: TaskOutcome | None = None
    "Of a task that is no longer open, where somebody said so."
    note: str = ""
    delivered_at: datetime | None = None
    "When the webhook took it, UTC; null where it has not or where there is none."


class TaskChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody says about a task; what is left out stays as it is."""

    state: TaskState | msgspec.UnsetType = msgspec.UNSET
    outcome: TaskOutcome | msgspec.UnsetType | None = msgspec.UNSET
    "Of a task that is done or dismissed; null takes it back."
    owner: Annotated[str, msgspec.Meta(max_length=128)] | msgspec.UnsetType = msgspec.UNSET
    note: Annotated[str, msgspec.Meta(max_length=4000)] | msgspec.UnsetType = msgspec.UNSET


def task_id_of(data_set: str, customer_id: str, kind: str, episode: date) -> str:
    """The name of the one task that this episode of this customer may make."""
    return digest_of([data_set, customer_id, kind, episode])


def apply_change(task: Task, change: TaskChange, now: datetime) -> Task:
    """The task as it is after a change; a change to what it is already changes nothing but the time.

    Raises WrongTransition for a step that the drawing above does not have, and for an outcome of an open task.
    """
    said = {name: value for name, value in msgspec.structs.asdict(change).items() if value is not msgspec.UNSET}
    state = said.get("state", task.state)
    if TaskState.OPEN not in (task.state, state) and state != task.state:
        raise WrongTransition(f"a task that is {task.state} cannot become {state}; open it again first")
    if state == TaskState.OPEN and said.get("outcome") is not None:
        raise WrongTransition("an open task has no outcome; send state done or dismissed with it")
    if state == TaskState.OPEN:
        said["outcome"] = None
    return msgspec.structs.replace(task, **said, changed_at=now)
