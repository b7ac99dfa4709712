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
    try:
        with reporting_unavailable_tasks():
            change = task_store(context).change(request.task_id, request.change, now=datetime.now(UTC))
    except NotFound as error:
        raise Problem(ProblemType.UNKNOWN_TASK, "see GET /v1/tasks for all tasks") from error
    except WrongTransition as error:
        raise Problem(ProblemType.WRONG_TRANSITION, str(error)) from error
    if difference := compare_tasks(change.before, change.after):
        details = {"task": request.task_id, **difference}
        context.audit.record(TASK_CHANGED, details, admission=context.admission)
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
