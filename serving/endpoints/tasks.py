"""GET /v1/tasks: what is to be done about whom, newest first."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import msgspec

from core.errors import SourceUnavailable
from core.tasks import Task, TaskState
from serving.http.problems import Problem
from serving.http.schema import Answer, CustomerId, Endpoint, Question, RequestContext, source_of
from serving.tasks.store import TaskFilter, TaskStore

logger = logging.getLogger("kizuna.serving")

Owner = Annotated[str, msgspec.Meta(max_length=128, description="Whose tasks; empty are those of nobody.")]
Number = Annotated[int, msgspec.Meta(ge=1, le=2**53, description="The `next_cursor` of the answer before.")]
Limit = Annotated[int, msgspec.Meta(ge=1, le=1000, description="How many to answer with, at most.")]


class TasksQuestion(Question, frozen=True):
    """Which tasks; what is left out is open."""

    state: TaskState | None = None
    owner: Owner | None = None
    customer_id: CustomerId | None = None
    limit: Limit = 100
    cursor: Number | None = None


class TasksAnswer(Answer, frozen=True, kw_only=True):
    """Some tasks of the data set."""

    tasks: list[Task]
    next_cursor: int | None
    "Ask with it for those that follow; null where there are no more."


def respond(question: TasksQuestion, shop: RequestContext) -> TasksAnswer:
    """Ask the database."""
    wanted = TaskFilter(question.state, question.owner, question.customer_id)
    with within_reach():
        found = store_of(shop).find(wanted, question.limit, question.cursor)
    return TasksAnswer(**source_of(shop.release, None), tasks=found.tasks, next_cursor=found.next_before)


def store_of(shop: RequestContext) -> TaskStore:
    """The tasks of the release's data set."""
    return TaskStore(shop.tasks, shop.release.description.data_set)


@contextmanager
def within_reach() -> Iterator[None]:
    """A database that does not answer becomes a problem that says so; the log says why."""
    try:
        yield
    except SourceUnavailable as fault:
        logger.error("%s", fault)
        raise Problem("tasks-out-of-reach", "nothing was changed; the service's log says why") from fault


ENDPOINT = Endpoint(
    "GET",
    "/v1/tasks",
    TasksQuestion,
    TasksAnswer,
    respond,
    "What is to be done about whom",
    waits=True,
    also=("tasks-out-of-reach",),
)
