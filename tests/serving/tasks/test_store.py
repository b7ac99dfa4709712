"""A task is made once, on either engine, and changes only as it may."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from core.errors import BadInput, NotFound, SourceUnavailable, WrongTransition
from core.health import ACTIONS, action_in_japanese
from core.tasks import Task, TaskChange, TaskOutcome, TaskState, task_id_of
from serving.tasks.database import TaskDatabase
from serving.tasks.schema import TASKS, make
from serving.tasks.store import TaskFilter, TaskStore
from tests.core.test_tasks import DAY, LATER, TASK
from tests.serving.tasks.databases import database_url

QUIET = 28
ANY = TaskFilter()
DONE = TaskChange(state=TaskState.DONE, outcome=TaskOutcome.LOST)


def task(customer_id: str, episode: date = DAY, owner: str = "") -> Task:
    task_id = task_id_of("shop", customer_id, "health_drop", episode)
    return msgspec.structs.replace(TASK, task_id=task_id, customer_id=customer_id, episode=episode, owner=owner)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path):
    """An empty store on either engine."""
    with database_url(request.param, tmp_path) as url:
        yield TaskStore.at(url, tmp_path / "unused.db", "shop")


def customers(store: TaskStore, wanted: TaskFilter = ANY, limit: int = 100) -> list[str]:
    return [found.customer_id for found in store.find(wanted, limit).tasks]


def test_a_task_comes_back_as_it_was_kept(store):
    told = msgspec.structs.replace(TASK, reason_ja="健全度が80から40に低下", delivered_at=LATER, score_before=None)

    assert store.add([told], QUIET) == [told]
    assert store.find(ANY, 10).tasks == [told]


def test_a_usual_measure_is_read_in_japanese_whoever_kept_it(store):
    """The columns are those of an earlier version, which knew English alone."""
    usual = msgspec.structs.replace(TASK, action=ACTIONS["usage"], action_ja=ACTIONS["usage"])
    store.add([usual], QUIET)

    (found,) = store.find(ANY, 10).tasks
    assert (found.action, found.action_ja) == (ACTIONS["usage"], action_in_japanese(ACTIONS["usage"], "usage"))
    assert "action_ja" not in TASKS.c
    assert store.change(usual.task_id, DONE, LATER).action_ja == action_in_japanese(ACTIONS["usage"], "usage")


def test_a_replay_of_the_same_days_makes_no_second_task(store):
    first = store.add([task("ada"), task("bo")], QUIET)
    again = store.add([task("ada"), task("bo"), task("cyd")], QUIET)

    assert [one.customer_id for one in first] == ["ada", "bo"]
    assert [one.customer_id for one in again] == ["cyd"]
    assert customers(store) == ["cyd", "bo", "ada"]


def test_a_replay_makes_none_even_after_the_task_was_done(store):
    store.add([task("ada")], QUIET)
    store.change(task("ada").task_id, DONE, LATER)

    assert store.add([task("ada")], QUIET) == []
    assert store.find(ANY, 10).tasks[0].state == TaskState.DONE


@pytest.mark.parametrize(("days", "is_new"), [(-28, True), (-27, False), (-1, False), (27, False), (28, True)])
def test_the_same_fall_seen_a_few_days_off_is_no_second_task_and_a_later_one_is(store, days, is_new):
    store.add([task("ada")], QUIET)

    assert bool(store.add([task("ada", DAY + timedelta(days=days))], QUIET)) == is_new


def test_two_who_begin_at_the_same_moment_make_each_task_once(store):
    wanted = [task(f"c{number}") for number in range(20)]
    stores = [TaskStore(TaskDatabase(store.database.url), "shop") for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(lambda one: one.add(wanted, QUIET), stores))

    assert sum(map(len, added)) == len(store.find(ANY, 100).tasks) == 20


def test_tables_that_are_only_half_made_are_not_there_yet(store):
    onlooker = TaskDatabase(store.database.url)

    with store.database.begin() as connection:
        make(connection)
        assert not onlooker.is_made

    assert onlooker.is_made


def test_data_sets_that_share_a_database_do_not_see_each_other(store):
    store.add([task("ada")], QUIET)
    other = TaskStore(store.database, "club")

    assert customers(other) == []
    with pytest.raises(NotFound):
        other.change(task("ada").task_id, DONE, LATER)


def test_tasks_are_found_by_state_owner_and_customer(store):
    store.add([task("ada", owner="ann"), task("bo", owner="ann"), task("cyd")], QUIET)
    store.change(task("bo").task_id, DONE, LATER)

    assert customers(store, TaskFilter(state=TaskState.OPEN)) == ["cyd", "ada"]
    assert customers(store, TaskFilter(owner="ann")) == ["bo", "ada"]
    assert customers(store, TaskFilter(owner="")) == ["cyd"]
    assert customers(store, TaskFilter(state=TaskState.DONE, customer_id="bo")) == ["bo"]
    assert customers(store, TaskFilter(customer_id="nobody")) == []


def test_page_after_page_shows_every_task_once_although_newer_ones_arrive(store):
    store.add([task(f"c{number}") for number in range(5)], QUIET)
    first = store.find(ANY, 2)
    store.add([task("new")], QUIET)
    second = store.find(ANY, 2, first.next_before)
    third = store.find(ANY, 2, second.next_before)

    pages = [[one.customer_id for one in page.tasks] for page in (first, second, third)]
    assert pages == [["c4", "c3"], ["c2", "c1"], ["c0"]]
    assert third.next_before is None


def test_a_change_is_kept_and_a_wrong_one_is_not(store):
    store.add([task("ada")], QUIET)
    done = store.change(task("ada").task_id, DONE, LATER)

    with pytest.raises(WrongTransition):
        store.change(done.task_id, TaskChange(state=TaskState.DISMISSED, note="x"), LATER)
    assert store.find(ANY, 10).tasks == [done]
    assert (done.state, done.outcome, done.changed_at) == (TaskState.DONE, TaskOutcome.LOST, LATER)


def test_a_task_that_does_not_exist_cannot_be_changed(store):
    with pytest.raises(NotFound):
        store.change("0" * 16, DONE, LATER)
    store.add([task("ada")], QUIET)
    with pytest.raises(NotFound):
        store.change("0" * 16, DONE, LATER)


def test_what_was_delivered_is_no_longer_to_be_delivered(store):
    store.add([task("ada"), task("bo")], QUIET)
    store.mark_delivered(task("ada"), LATER)

    assert customers(store, TaskFilter(undelivered=True)) == ["bo"]
    assert store.find(TaskFilter(customer_id="ada"), 1).tasks[0].delivered_at == LATER


def test_looking_makes_no_database(tmp_path):
    store = TaskStore.at(None, tmp_path / "var/shop/tasks.db", "shop")

    assert store.find(ANY, 10).tasks == []
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_does_not_answer_is_told_in_one_line_without_its_password(tmp_path):
    store = TaskStore.at("postgresql://ann:hunter2@127.0.0.1:9/x", tmp_path / "unused.db", "shop")

    with pytest.raises(SourceUnavailable, match="out of reach") as said:
        store.find(ANY, 10)
    assert "hunter2" not in str(said.value)
    assert "\n" not in str(said.value)


def test_tasks_of_another_format_are_refused(store):
    store.add([task("ada")], QUIET)
    with store.database.begin() as connection:
        connection.exec_driver_sql("update kizuna_tasks_schema set version = 99")

    with pytest.raises(SourceUnavailable, match="format 99"):
        store.find(ANY, 10)


def test_an_address_of_another_kind_is_refused(tmp_path):
    with pytest.raises(BadInput, match="found mysql:"):
        TaskStore.at("mysql://x", tmp_path, "shop")


def test_times_are_kept_whatever_their_zone(store):
    from zoneinfo import ZoneInfo

    made = datetime(2026, 4, 1, 12, tzinfo=ZoneInfo("Asia/Tokyo"))
    store.add([msgspec.structs.replace(TASK, created_at=made)], QUIET)

    assert store.find(ANY, 1).tasks[0].created_at == datetime(2026, 4, 1, 3, tzinfo=UTC)
