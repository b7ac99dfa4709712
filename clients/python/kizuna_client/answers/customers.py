"""Answers about one customer, and tasks."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from kizuna_client.answers.churn import CustomerCurve, CustomerScore
from kizuna_client.answers.common import Answer
from kizuna_client.answers.recommendations import RecommendedItem

Band = Literal["at risk", "critical", "healthy", "watch"]


TaskState = Literal["dismissed", "done", "open"]


TaskOutcome = Literal["false_alarm", "kept", "lost", "other"]


class KeyFigures(TypedDict):
    """The key figures of one customer; null if unknown."""

    recency_days: NotRequired[float | None]
    frequency: NotRequired[float | None]
    revenue_365d: NotRequired[float | None]
    mrr: NotRequired[float | None]
    tenure_days: NotRequired[float | None]


class LoyaltyStanding(TypedDict):
    """Points and rank of one customer; null if unknown."""

    points_balance: NotRequired[float | None]
    points_expiring_30d: NotRequired[float | None]
    rank: NotRequired[str | None]
    next_rank: NotRequired[str | None]
    distance_to_next_rank: NotRequired[float | None]
    rank_unit: NotRequired[str | None]


class HealthRecord(TypedDict):
    """The health of a customer on the last day that was scored."""

    scored_on: str
    health: float
    band: Band
    band_since: str
    change_7d: float | None
    change_28d: float | None
    dimensions: dict[str, float | None]
    dropped_most: str
    dropped_on: str | None
    reasons_en: str
    reasons_ja: str
    model_version: int | None


class NextOrder(TypedDict):
    """When a customer orders next, if they order again."""

    expected: str
    low: str
    high: str


class CustomerForecast(TypedDict):
    """What one customer is expected to bring in within the horizon."""

    p_alive: float | None
    orders: float
    revenue: float
    margin: float
    value: float
    next_order: NextOrder | None


class Task(TypedDict):
    """Something to do about one customer."""

    task_id: str
    data_set: str
    customer_id: str
    kind: str
    episode: str
    owner: str
    reason_en: str
    reason_ja: str
    dimension: str
    action: str
    action_ja: str
    score: float
    score_before: float | None
    due_on: str
    created_at: str
    changed_at: str
    state: NotRequired[TaskState]
    outcome: NotRequired[TaskOutcome | None]
    note: NotRequired[str]
    delivered_at: NotRequired[str | None]


class CustomerResponse(Answer):
    """The customer's page. What the release does not contain is null, and `missing` says why."""

    customer_id: str
    is_customer: bool
    figures: KeyFigures
    attributes: dict[str, str | float]
    customer_tier: str | None
    segments: list[str]
    loyalty: LoyaltyStanding | None
    health: float | None
    health_record: HealthRecord | None
    churn: CustomerScore | None
    curve: CustomerCurve | None
    value: CustomerForecast | None
    predictions: dict[str, float]
    tasks: list[Task] | None
    recommendations: list[RecommendedItem]
    not_personalised_because: str
    refused: list[str]
    missing: dict[str, str]


class TasksResponse(Answer):
    """One page of tasks."""

    tasks: list[Task]
    next_cursor: int | None
