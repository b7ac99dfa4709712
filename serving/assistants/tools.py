"""The tools that an assistant may call: each asks one route of the service.

A tool offers some fields of its route's request. It sends the others as declared here, or not at all, so that a tool
that reads cannot be talked into writing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.tasks import TaskState
from serving.assistants.schemas import input_schema_of, output_schema_of
from serving.http.schema import Endpoint


@dataclass(frozen=True, kw_only=True)
class AssistantTool:
    """One tool."""

    name: str
    title: str
    description: str
    "For the assistant: what the answer contains, and how to read it."
    endpoint: str
    "Name of the file in `serving/endpoints`."
    arguments: tuple[str, ...] = ()
    "Fields of the request that the assistant may fill, at its root or in the field that the body fills."
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    "The values that an argument may have, where they are fewer than those of the field."
    required: tuple[str, ...] = ()
    "Arguments without which the tool makes no sense, besides those that the route requires."
    constants: Mapping[str, Any] = field(default_factory=dict[str, Any])
    "Fields that are always sent with these values."
    writes: bool = False
    "Whether it changes something."

    def input_schema(self, endpoint: Endpoint) -> dict[str, Any]:
        """JSON Schema of the arguments."""
        return input_schema_of(endpoint, self.arguments, choices=self.choices, required=self.required)

    def output_schema(self, endpoint: Endpoint) -> dict[str, Any]:
        """JSON Schema of the answer."""
        return output_schema_of(endpoint)


TOOLS = (
    AssistantTool(
        name="score_churn",
        title="Churn risk of customers",
        description="Probability of churn of customers, with its 90 % interval (low, high), risk level, reasons, the "
        "loss to be expected and the action that pays. Probabilities are shares from 0 to 1. Reasons say what the "
        "score depends on, which is not what causes churn.",
        endpoint="churn_score",
        arguments=("customer_ids", "horizon_days"),
    ),
    AssistantTool(
        name="get_customer",
        title="One customer",
        description="Everything known about one customer: key figures, segments, risk with reasons, health, predicted "
        "value, probabilities of other events, open tasks and recommendations.",
        endpoint="customer",
        arguments=("customer_id", "k"),
    ),
    AssistantTool(
        name="recommend_items",
        title="Recommended items",
        description="Items to recommend to a customer, best first, with the past purchases that each follows from. "
        "Without a customer_id, recent best sellers; similar_to, bought_with and trending ask for other lists.",
        endpoint="recommendations",
        arguments=(
            "customer_id",
            "history",
            "k",
            "exclude",
            "where",
            "price_min",
            "price_max",
            "similar_to",
            "bought_with",
            "trending",
        ),
    ),
    AssistantTool(
        name="get_next_best_offer",
        title="Next best offer",
        description="The offer to make to a customer now, or none, with the expected value of each offer and its "
        "parts. This is advice: no decision is stored, and nothing is sent to the customer.",
        endpoint="next_best_offer",
        arguments=("customer_id", "channel", "k", "context", "contact_at", "excluded"),
        constants={"record": False},
    ),
    AssistantTool(
        name="predict_value",
        title="Predicted value of customers",
        description="What customers are expected to buy and bring in within a horizon, with an interval, and when "
        "they order next.",
        endpoint="value",
        arguments=("customer_ids", "horizon_days"),
    ),
    AssistantTool(
        name="list_segments",
        title="Segments",
        description="All segments and customer tiers, with their number of customers, value, churn risk and health.",
        endpoint="segments",
    ),
    AssistantTool(
        name="list_segment_customers",
        title="Customers of a segment",
        description="Customers of one segment or customer tier, sorted by id, page by page: pass next_after as "
        "after. `total` counts all pages. Do not contact customers whose contact_allowed is false.",
        endpoint="segment_customers",
        arguments=("name", "limit", "after"),
    ),
    AssistantTool(
        name="get_kpis",
        title="Key figures of the business",
        description="The figures of the report (revenue, retention, recurring revenue, margins, ...) of all customers, "
        "with 90 % intervals and monthly values where it draws them, and what campaigns have changed. Quote `text`, "
        "which has unit and currency. `missing_report` says why there are no figures.",
        endpoint="kpis",
    ),
    AssistantTool(
        name="list_tasks",
        title="Tasks",
        description="Tasks of customer success, newest first: which customer, why, what to do, who and until when.",
        endpoint="tasks",
        arguments=("state", "owner", "customer_id", "limit", "cursor"),
    ),
    AssistantTool(
        name="close_task",
        title="Close a task",
        description="Marks a task as done or dismissed, with its outcome and a note. Ask the user before.",
        endpoint="task_change",
        arguments=("task_id", "state", "outcome", "note"),
        choices={"state": (TaskState.DONE, TaskState.DISMISSED)},
        required=("state",),
        writes=True,
    ),
)
