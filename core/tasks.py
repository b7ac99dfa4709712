"""Customer success tasks: something to do about one customer, and what came of it.

      open ----> done, dismissed     with or without an outcome
       ^              |
       '--------------'              reopened; the outcome is removed

A task's id is a digest of what it is about, so that creating it twice gives one task.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from core.errors import WrongTransition
from core.ids import digest_of

HEALTH_DROP = "health_drop"
"The kind of a task that is opened when a customer's health drops."


class TaskState(StrEnum):
    """The progress of a task."""

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
    """Something to do about one customer."""

    task_id: str
    "16 hex digits: digest of data set, customer, kind and episode."
    data_set: str
    customer_id: str
    kind: str
    episode: date
    "The day on which the drop began; there is one task per episode."
    owner: str
    "Who is responsible; '' if unassigned."
    reason_en: str
    reason_ja: str
    dimension: str
    "The health dimension that dropped most."
    action: str
    "The suggested action, from the TOML or in English."
    action_ja: str
    "The suggested action in Japanese; an action from the TOML is not translated."
    score: float
    "Health when the task was created, 0 to 100."
    score_before: float | None
    "Health before the drop; null if unknown."
    due_on: date
    created_at: datetime
    "UTC."
    changed_at: datetime
    "UTC."
    state: TaskState = TaskState.OPEN
    outcome: TaskOutcome | None = None
    "Only for a task that is done or dismissed."
    note: str = ""
    delivered_at: datetime | None = None
    "When the webhook accepted the task, UTC; null before that, or without a webhook."


class TaskChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change to a task; missing fields stay as they are."""

    state: TaskState | msgspec.UnsetType = msgspec.UNSET
    outcome: TaskOutcome | msgspec.UnsetType | None = msgspec.UNSET
    "Only for a task that is done or dismissed; null removes it."
    owner: Annotated[str, msgspec.Meta(max_length=128)] | msgspec.UnsetType = msgspec.UNSET
    note: Annotated[str, msgspec.Meta(max_length=4000)] | msgspec.UnsetType = msgspec.UNSET


def task_id_of(data_set: str, customer_id: str, *, kind: str, episode: date) -> str:
    """The id of the one task that this episode of this customer may have."""
    return digest_of([data_set, customer_id, kind, episode])


def apply_change(task: Task, change: TaskChange, *, now: datetime) -> Task:
    """The task after a change; a change without a difference only updates `changed_at`.

    Raises WrongTransition for a transition that is not in the diagram above, and for an outcome of an open task.
    """
    fields = {name: value for name, value in msgspec.structs.asdict(change).items() if value is not msgspec.UNSET}
    state = fields.get("state", task.state)
    if TaskState.OPEN not in (task.state, state) and state != task.state:
        raise WrongTransition(f"a {task.state} task cannot become {state}; set it to open first")
    if state == TaskState.OPEN and fields.get("outcome") is not None:
        raise WrongTransition("an open task has no outcome; send state done or dismissed with it")
    if state == TaskState.OPEN:
        fields["outcome"] = None
    return msgspec.structs.replace(task, **fields, changed_at=now)
