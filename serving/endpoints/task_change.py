"""PATCH /v1/tasks/{task_id}: what became of a task, and whose it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec

from core.errors import NotFound, WrongTransition
from core.tasks import Task, TaskChange
from serving.endpoints.tasks import store_of, within_reach
from serving.http.problems import Problem
from serving.http.schema import Answer, Endpoint, Question, RequestContext, source_of

TaskId = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$", description="As in GET /v1/tasks.")]


class TaskChangeQuestion(Question, frozen=True):
    """What is said, and about which task."""

    task_id: TaskId
    change: TaskChange


class TaskAnswer(Answer, frozen=True, kw_only=True):
    """The task as it is now."""

    task: Task


def respond(question: TaskChangeQuestion, shop: RequestContext) -> TaskAnswer:
    """Keep the change; the answer is sent when it lies in the database."""
    try:
        with within_reach():
            task = store_of(shop).change(question.task_id, question.change, datetime.now(UTC))
    except NotFound as fault:
        raise Problem("unknown-task", "see GET /v1/tasks for those there are") from fault
    except WrongTransition as fault:
        raise Problem("wrong-transition", str(fault)) from fault
    return TaskAnswer(**source_of(shop.release, None), task=task)


ENDPOINT = Endpoint(
    "PATCH",
    "/v1/tasks/{task_id}",
    TaskChangeQuestion,
    TaskAnswer,
    respond,
    "What became of a task, and whose it is",
    waits=True,
    body_field="change",
    also=("unknown-task", "wrong-transition", "tasks-out-of-reach"),
)
