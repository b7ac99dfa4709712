"""PATCH /v1/tasks/{task_id}: changes the state, outcome, owner or note of a task."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec

from core.access import Scope
from core.errors import NotFound, WrongTransition
from core.ledger import TASK_CHANGED
from core.tasks import Task, TaskChange
from serving.endpoints.tasks import reporting_unavailable_tasks, task_store
from serving.http.audit import compare_tasks
from serving.http.problems import Problem, ProblemType
from serving.http.schema import Endpoint, Request, RequestContext, Response, provenance_of
from serving.tasks.store import ChangedTask

TaskId = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$", description="As in GET /v1/tasks.")]


class TaskChangeRequest(Request, frozen=True):
    """The task, and what to change."""

    task_id: TaskId
    change: TaskChange


class TaskChangeResponse(Response, frozen=True, kw_only=True):
    """The task after the change."""

    task: Task


def handle(request: TaskChangeRequest, context: RequestContext) -> TaskChangeResponse:
    """Write the change to the database, then respond."""

    def record(change: ChangedTask) -> None:
        if difference := compare_tasks(change.before, change.after):
            write(TASK_CHANGED, {"task": request.task_id, **difference})

    try:
        with reporting_unavailable_tasks(), context.audit.follow_up(context.admission) as write:
            store, now = task_store(context), datetime.now(UTC)
            change = store.change(request.task_id, request.change, now=now, before_commit=record)
    except NotFound as error:
        raise Problem(ProblemType.UNKNOWN_TASK, "see GET /v1/tasks for all tasks") from error
    except WrongTransition as error:
        raise Problem(ProblemType.WRONG_TRANSITION, str(error)) from error
    return TaskChangeResponse(**provenance_of(context.release, None), task=change.after)


ENDPOINT = Endpoint(
    method="PATCH",
    path="/v1/tasks/{task_id}",
    request=TaskChangeRequest,
    response=TaskChangeResponse,
    handle=handle,
    summary="Change a task",
    scope=Scope.TASKS,
    blocking=True,
    body_field="change",
    problems=(ProblemType.UNKNOWN_TASK, ProblemType.WRONG_TRANSITION, ProblemType.TASKS_UNAVAILABLE),
)
