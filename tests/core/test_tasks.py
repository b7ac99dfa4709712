"""Transitions of a task, and its id."""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import WrongTransition
from core.tasks import Task, TaskChange, TaskOutcome, TaskState, apply_change, task_id_of

DAY = date(2026, 4, 1)
CREATED, LATER = datetime(2026, 4, 1, 3, tzinfo=UTC), datetime(2026, 4, 2, 3, tzinfo=UTC)
OPEN, DONE, DISMISSED = TaskState
TASK = Task(
    task_id=task_id_of("shop", "ada", kind="health_drop", episode=DAY), data_set="shop", customer_id="ada",
    kind="health_drop", episode=DAY, owner="", reason_en="fell", reason_ja="低下", dimension="usage",
    action="call", action_ja="call", score=40.0, score_before=80.0, due_on=date(2026, 4, 8),
    created_at=CREATED, changed_at=CREATED,
)  # fmt: skip

changes = st.builds(
    TaskChange,
    state=st.sampled_from([msgspec.UNSET, *TaskState]),
    outcome=st.sampled_from([msgspec.UNSET, None, *TaskOutcome]),
    owner=st.sampled_from([msgspec.UNSET, "", "ann"]),
    note=st.sampled_from([msgspec.UNSET, "called"]),
)


def test_a_task_that_is_done_keeps_its_outcome():
    done = apply_change(TASK, TaskChange(state=DONE, outcome=TaskOutcome.KEPT, note="called"), now=LATER)

    assert (done.state, done.outcome, done.note, done.changed_at) == (DONE, TaskOutcome.KEPT, "called", LATER)
    assert (done.owner, done.created_at) == (TASK.owner, CREATED)


def test_reopening_a_task_removes_its_outcome():
    done = apply_change(TASK, TaskChange(state=DONE, outcome=TaskOutcome.KEPT), now=LATER)

    assert apply_change(done, TaskChange(state=OPEN), now=LATER).outcome is None


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (TaskChange(state=DONE), TaskChange(state=DISMISSED)),
        (TaskChange(state=DISMISSED), TaskChange(state=DONE)),
        (TaskChange(), TaskChange(outcome=TaskOutcome.KEPT)),
        (TaskChange(state=DONE), TaskChange(state=OPEN, outcome=TaskOutcome.LOST)),
    ],
)
def test_other_transitions_are_refused(first, then):
    with pytest.raises(WrongTransition):
        apply_change(apply_change(TASK, first, now=LATER), then, now=LATER)


@given(steps=st.lists(changes, max_size=8))
def test_an_open_task_never_has_an_outcome(steps):
    task = TASK
    for step in steps:
        try:
            task = apply_change(task, step, now=LATER)
        except WrongTransition:
            continue
        assert task.state != OPEN or task.outcome is None
    assert (task.task_id, task.customer_id, task.episode) == (TASK.task_id, TASK.customer_id, TASK.episode)


@given(change=changes)
def test_the_same_change_twice_is_the_same_as_once(change):
    try:
        once = apply_change(TASK, change, now=LATER)
    except WrongTransition:
        return
    assert apply_change(once, change, now=LATER) == once


def test_tasks_of_different_customers_days_and_data_sets_have_different_ids():
    task_ids = {
        task_id_of(data_set, customer, kind="health_drop", episode=day)
        for data_set in ("shop", "club")
        for customer in ("ada", "bo")
        for day in (DAY, date(2026, 4, 2))
    }

    assert len(task_ids) == 8
