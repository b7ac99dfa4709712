"""GET /v1/tasks: the customer success tasks, newest first."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import msgspec

from core.access import Scope
from core.errors import SourceUnavailable
from core.tasks import Task, TaskState
from serving.http.problems import Problem, ProblemType
from serving.http.schema import CustomerId, Endpoint, Request, RequestContext, Response, provenance_of
from serving.tasks.store import TaskFilter, TaskStore

logger = logging.getLogger("kizuna.serving")

Owner = Annotated[str, msgspec.Meta(max_length=128, description="Tasks of this owner; '' for tasks without one.")]
Cursor = Annotated[int, msgspec.Meta(ge=1, le=2**53, description="The `next_cursor` of the previous page.")]
Limit = Annotated[int, msgspec.Meta(ge=1, le=1000, description="Maximum number of tasks.")]


class TasksRequest(Request, frozen=True):
    """Filters; a missing one matches all tasks."""

    state: TaskState | None = None
    owner: Owner | None = None
    customer_id: CustomerId | None = None
    limit: Limit = 100
    cursor: Cursor | None = None


class TasksResponse(Response, frozen=True, kw_only=True):
    """One page of tasks."""

    tasks: list[Task]
    next_cursor: int | None
    "The `cursor` of the next page; null on the last one."


def handle(request: TasksRequest, context: RequestContext) -> TasksResponse:
    """Query the database."""
    task_filter = TaskFilter(state=request.state, owner=request.owner, customer_id=request.customer_id)
    with reporting_unavailable_tasks():
        page = task_store(context).find(task_filter, request.limit, cursor=request.cursor)
    return TasksResponse(**provenance_of(context.release, None), tasks=page.tasks, next_cursor=page.next_cursor)


def task_store(context: RequestContext) -> TaskStore:
    """The tasks of the release's data set."""
    return TaskStore(context.tasks, context.release.description.data_set)


@contextmanager
def reporting_unavailable_tasks() -> Iterator[None]:
    """Turn an unavailable database into a problem; the log contains the reason."""
    try:
        yield
    except SourceUnavailable as error:
        logger.error("%s", error)
        raise Problem(ProblemType.TASKS_UNAVAILABLE, "nothing was changed; see the log of the service") from error


ENDPOINT = Endpoint(
    method="GET",
    path="/v1/tasks",
    request=TasksRequest,
    response=TasksResponse,
    handle=handle,
    summary="Customer success tasks",
    scope=Scope.TASKS,
    blocking=True,
    problems=(ProblemType.TASKS_UNAVAILABLE,),
)
