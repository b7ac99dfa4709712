"""POST /ui/tasks: changes a task, as its form says, and shows the same page of tasks again."""

from __future__ import annotations

import msgspec
from starlette.responses import RedirectResponse

from core.access import Scope
from serving.endpoints import task_change
from serving.endpoints.task_change import TaskChangeRequest
from serving.http.problems import Problem, ProblemType, invalid_request
from serving.http.schema import RequestContext
from serving.ui.answering import make_page
from serving.ui.view import PageView

OTHER_SITE = "a task is changed from the page of tasks alone; open it and try again"


def build(context: RequestContext, view: PageView) -> RedirectResponse:
    """Change the task as PATCH /v1/tasks/{task_id} does. Raises Problem for a form of another site."""
    if not view.request.is_from_own_page:
        raise Problem(ProblemType.FORBIDDEN, OTHER_SITE)
    form = view.request.form
    change: dict[str, str | None] = {"state": form.get("state", "")}
    if "note" in form:
        change |= {"outcome": form.get("outcome") or None, "note": form["note"].replace("\r\n", "\n").strip()}
    try:
        task_request = msgspec.convert({"task_id": form.get("task_id", ""), "change": change}, TaskChangeRequest)
    except msgspec.ValidationError as error:
        raise invalid_request(error) from error
    task = task_change.handle(task_request, context).task
    # 303: the browser shows the page with GET, so that going back or reloading does not send the form again.
    names = {"state": "shown", "customer": "customer", "cursor": "cursor"}
    shown = {name: form.get(field) or None for name, field in names.items()}
    return RedirectResponse(view.url("/ui/tasks", **shown, changed=task.state), 303)


PAGE = make_page("/ui/tasks", build, method="POST", scopes=(Scope.READ, Scope.TASKS))
