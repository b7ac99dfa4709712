"""GET /ui/tasks: the tasks, newest first, each with a form to finish it."""

from __future__ import annotations

import msgspec

from core.tasks import TaskOutcome, TaskState
from serving.endpoints import tasks
from serving.endpoints.tasks import TasksRequest
from serving.http.problems import invalid_request
from serving.http.schema import RequestContext
from serving.ui.answering import Content, make_page
from serving.ui.view import PageView

N_TASKS = 50


def build(context: RequestContext, view: PageView) -> Content:
    """The same tasks as GET /v1/tasks; the open ones unless others are filters for."""
    query = view.request.query
    state = query.get("state") or TaskState.OPEN
    given = {"state": state, "customer_id": query.get("customer") or None, "cursor": query.get("cursor") or None}
    try:
        filters = msgspec.convert({**given, "limit": N_TASKS}, TasksRequest, strict=False)
    except msgspec.ValidationError as error:
        raise invalid_request(error) from error
    values = {
        "listed": tasks.handle(filters, context),
        "filters": filters,
        "states": list(TaskState),
        "outcomes": list(TaskOutcome),
        "changed": query.get("changed", ""),
    }
    return Content("tasks.html.j2", values)


PAGE = make_page("/ui/tasks", build)
