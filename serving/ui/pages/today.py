"""GET /ui: today's list: who, how much money is at risk, why, what to do, by whom, and since when."""

from __future__ import annotations

import logging
from dataclasses import replace

from core.errors import SourceUnavailable
from core.model_kinds import CHURN
from core.tasks import Task, TaskState
from serving.endpoints.tasks import task_store
from serving.http.schema import RequestContext, not_released
from serving.tasks.store import TaskFilter
from serving.ui.answering import Content, make_page
from serving.ui.priorities import find_priorities, has_values, list_owners
from serving.ui.view import PageView

logger = logging.getLogger("kizuna.serving")
MAX_CUSTOMERS = 50
MAX_TASKS = 1_000


def build(context: RequestContext, view: PageView) -> Content:
    """The customers whose action is expected to bring in most, of all owners or of one."""
    release, churn = context.release, context.release.churn
    if churn is None:
        raise not_released(release, CHURN.name)
    owner = view.request.query.get("owner") or None
    priorities = find_priorities(context, churn, owner=owner, limit=MAX_CUSTOMERS)
    tasks = _open_tasks(context, tuple(one.score.customer_id for one in priorities))
    priorities = [replace(one, task=tasks.get(one.score.customer_id)) for one in priorities]
    values = {
        "priorities": priorities,
        "owner": owner,
        "owners": list_owners(release),
        "has_values": has_values(release),
        "horizon_days": churn.horizon_days,
        "n_scored": len(churn.index),
        "limit": MAX_CUSTOMERS,
        "total": sum(one.score.expected_loss or 0 for one in priorities),
    }
    return Content("today.html.j2", values)


def _open_tasks(context: RequestContext, customer_ids: tuple[str, ...]) -> dict[str, Task]:
    """The newest open task of each of these customers; none while the database does not respond."""
    task_filter = TaskFilter(state=TaskState.OPEN, customer_ids=customer_ids)
    try:
        tasks = task_store(context).find(task_filter, MAX_TASKS).tasks
    except SourceUnavailable as error:
        logger.error("%s", error)
        return {}
    return {task.customer_id: task for task in reversed(tasks)}


PAGE = make_page("/ui", build)
