"""Events that a webhook receives, and what is kept of a delivery."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class EventType(StrEnum):
    """The `type` of a delivery."""

    TASK_CREATED = "task.created"
    "`kizuna health` opened a task."


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that is not tried again by itself."""

    webhook_id: str
    "The header `webhook-id`; of a task, its `task_id`."
    type: EventType
    problem: str
    "The last one, e.g. status 400."
    status: int | None
    "Of the last response; null without one."
    n_runs: int
    "Runs that have tried it."
    created_at: datetime
    "UTC."
    dead_since: datetime
    "UTC."
