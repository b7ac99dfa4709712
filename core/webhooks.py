"""Events that a webhook receives, and what is kept of a delivery."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import msgspec

from core.risk_level import RiskLevel


class EventType(StrEnum):
    """The `type` of a delivery."""

    TASK_CREATED = "task.created"
    "`kizuna health` opened a task."
    RISK_CHANGED = "customer.risk_changed"
    "`kizuna release` activated a release in which a customer has another risk level than in the one before."


class RiskChange(msgspec.Struct, frozen=True, kw_only=True):
    """The risk level of a customer in two releases."""

    customer_id: str
    risk_level_before: RiskLevel
    risk_level: RiskLevel
    churn_probability_before: float
    churn_probability: float
    release_id_before: str
    release_id: str
    cutoff_before: date
    cutoff: date


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
