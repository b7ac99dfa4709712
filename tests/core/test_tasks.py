"""What may become of a task, and what a task is called."""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import WrongTransition
from core.tasks import Task, TaskChange, TaskOutcome, TaskState, apply_change, task_id_of

DAY = date(2026, 4, 1)
MADE, LATER = datetime(2026, 4, 1, 3, tzinfo=UTC), datetime(2026, 4, 2, 3, tzinfo=UTC)
OPEN, DONE, DISMISSED = TaskState
TASK = Task(
    task_id=task_id_of("shop", "ada", "health_drop", DAY), data_set="shop", customer_id="ada", kind="health_drop",
    episode=DAY, owner="", reason_en="fell", reason_ja="低下", dimension="usage", action="call", action_ja="call",
    score=40.0, score_before=80.0, due_on=date(2026, 4, 8), created_at=MADE, changed_at=MADE,
)  # fmt: skip

changes = st.builds(
    TaskChange,
    state=st.sampled_from([msgspec.UNSET, *TaskState]),
    outcome=st.sampled_from([msgspec.UNSET, None, *TaskOutcome]),
    owner=st.sampled_from([msgspec.UNSET, "", "ann"]),
    note=st.sampled_from([msgspec.UNSET, "called"]),
)


def test_a_task_that_is_done_has_its_outcome():
    done = apply_change(TASK, TaskChange(state=DONE, outcome=TaskOutcome.KEPT, note="called"), LATER)

    assert (done.state, done.outcome, done.note, done.changed_at) == (DONE, TaskOutcome.KEPT, "called", LATER)
    assert (done.owner, done.created_at) == (TASK.owner, MADE)


def test_taking_a_task_up_again_takes_its_outcome_away():
    done = apply_change(TASK, TaskChange(state=DONE, outcome=TaskOutcome.KEPT), LATER)

    assert apply_change(done, TaskChange(state=OPEN), LATER).outcome is None


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (TaskChange(state=DONE), TaskChange(state=DISMISSED)),
        (TaskChange(state=DISMISSED), TaskChange(state=DONE)),
        (TaskChange(), TaskChange(outcome=TaskOutcome.KEPT)),
        (TaskChange(state=DONE), TaskChange(state=OPEN, outcome=TaskOutcome.LOST)),
    ],
)
def test_a_step_that_is_not_drawn_is_refused(first, then):
    with pytest.raises(WrongTransition):
        apply_change(apply_change(TASK, first, LATER), then, LATER)


@given(steps=st.lists(changes, max_size=8))
def test_whatever_is_said_an_open_task_has_no_outcome(steps):
    task = TASK
    for step in steps:
        try:
            task = apply_change(task, step, LATER)
        except WrongTransition:
            continue
        assert task.state != OPEN or task.outcome is None
    assert (task.task_id, task.customer_id, task.episode) == (TASK.task_id, TASK.customer_id, TASK.episode)


@given(change=changes)
def test_saying_the_same_twice_changes_nothing_more(change):
    try:
        once = apply_change(TASK, change, LATER)
    except WrongTransition:
        return
    assert apply_change(once, change, LATER) == once


def test_tasks_of_different_customers_days_and_data_sets_are_called_differently():
    names = {
        task_id_of(data_set, customer, "health_drop", day)
        for data_set in ("shop", "club")
        for customer in ("ada", "bo")
        for day in (DAY, date(2026, 4, 2))
    }

    assert len(names) == 8
