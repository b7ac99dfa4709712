"""The task store on SQLite and PostgreSQL: each task is stored once, and changed only by allowed transitions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from core.errors import BadInput, NotFound, SourceUnavailable, WrongTransition
from core.health import ACTIONS, action_in_japanese
from core.tasks import Task, TaskChange, TaskOutcome, TaskState, task_id_of
from serving.tasks.database import TaskDatabase
from serving.tasks.schema import SCHEMA, TASKS
from serving.tasks.store import TaskFilter, TaskStore
from tests.core.test_tasks import DAY, LATER, TASK
from tests.serving.databases import database_url

COOLDOWN_DAYS = 28
ALL = TaskFilter()
DONE = TaskChange(state=TaskState.DONE, outcome=TaskOutcome.LOST)


def task(customer_id: str, episode: date = DAY, owner: str = "") -> Task:
    task_id = task_id_of("shop", customer_id, kind="health_drop", episode=episode)
    return msgspec.structs.replace(TASK, task_id=task_id, customer_id=customer_id, episode=episode, owner=owner)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path):
    """An empty store on either engine."""
    with database_url(request.param, tmp_path) as url:
        yield TaskStore.at(url, tmp_path / "unused.db", data_set="shop")


def customer_ids(store: TaskStore, task_filter: TaskFilter = ALL, limit: int = 100) -> list[str]:
    return [each.customer_id for each in store.find(task_filter, limit).tasks]


def test_a_stored_task_is_read_unchanged(store):
    stored = msgspec.structs.replace(TASK, reason_ja="健全度が80から40に低下", delivered_at=LATER, score_before=None)

    assert store.add([stored], cooldown_days=COOLDOWN_DAYS) == [stored]
    assert store.find(ALL, 10).tasks == [stored]


def test_a_default_action_is_translated_when_it_is_read(store):
    """The table has no column for the Japanese action."""
    with_default_action = msgspec.structs.replace(TASK, action=ACTIONS["usage"], action_ja=ACTIONS["usage"])
    store.add([with_default_action], cooldown_days=COOLDOWN_DAYS)

    (stored,) = store.find(ALL, 10).tasks
    assert (stored.action, stored.action_ja) == (ACTIONS["usage"], action_in_japanese(ACTIONS["usage"]))
    assert "action_ja" not in TASKS.c
    assert store.change(with_default_action.task_id, DONE, now=LATER).after.action_ja == action_in_japanese(
        ACTIONS["usage"]
    )


def test_a_replay_adds_no_second_task(store):
    first = store.add([task("ada"), task("bo")], cooldown_days=COOLDOWN_DAYS)
    again = store.add([task("ada"), task("bo"), task("cyd")], cooldown_days=COOLDOWN_DAYS)

    assert [one.customer_id for one in first] == ["ada", "bo"]
    assert [one.customer_id for one in again] == ["cyd"]
    assert customer_ids(store) == ["cyd", "bo", "ada"]


def test_a_replay_adds_none_after_the_task_was_done(store):
    store.add([task("ada")], cooldown_days=COOLDOWN_DAYS)
    store.change(task("ada").task_id, DONE, now=LATER)

    assert store.add([task("ada")], cooldown_days=COOLDOWN_DAYS) == []
    assert store.find(ALL, 10).tasks[0].state == TaskState.DONE


@pytest.mark.parametrize(("days", "is_new"), [(-28, True), (-27, False), (-1, False), (27, False), (28, True)])
def test_an_episode_within_the_cooldown_adds_no_second_task(store, days, is_new):
    store.add([task("ada")], cooldown_days=COOLDOWN_DAYS)

    assert bool(store.add([task("ada", DAY + timedelta(days=days))], cooldown_days=COOLDOWN_DAYS)) == is_new


def test_concurrent_writers_add_each_task_once(store):
    tasks = [task(f"c{number}") for number in range(20)]
    stores = [TaskStore(TaskDatabase(store.database.url), "shop") for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        added = list(pool.map(lambda one: one.add(tasks, cooldown_days=COOLDOWN_DAYS), stores))

    assert sum(map(len, added)) == len(store.find(ALL, 100).tasks) == 20


def test_other_processes_see_no_tables_before_they_are_complete(store):
    other_process = TaskDatabase(store.database.url)

    with store.database.begin() as connection:
        SCHEMA.create(connection)
        assert not other_process.exists

    assert other_process.exists


def test_data_sets_that_share_a_database_do_not_see_each_other(store):
    store.add([task("ada")], cooldown_days=COOLDOWN_DAYS)
    other = TaskStore(store.database, "club")

    assert customer_ids(other) == []
    with pytest.raises(NotFound):
        other.change(task("ada").task_id, DONE, now=LATER)


def test_tasks_are_found_by_state_owner_and_customer(store):
    store.add([task("ada", owner="ann"), task("bo", owner="ann"), task("cyd")], cooldown_days=COOLDOWN_DAYS)
    store.change(task("bo").task_id, DONE, now=LATER)

    assert customer_ids(store, TaskFilter(state=TaskState.OPEN)) == ["cyd", "ada"]
    assert customer_ids(store, TaskFilter(owner="ann")) == ["bo", "ada"]
    assert customer_ids(store, TaskFilter(owner="")) == ["cyd"]
    assert customer_ids(store, TaskFilter(state=TaskState.DONE, customer_id="bo")) == ["bo"]
    assert customer_ids(store, TaskFilter(customer_id="unknown")) == []


def test_pages_contain_every_task_once_although_newer_ones_arrive(store):
    store.add([task(f"c{number}") for number in range(5)], cooldown_days=COOLDOWN_DAYS)
    first = store.find(ALL, 2)
    store.add([task("new")], cooldown_days=COOLDOWN_DAYS)
    second = store.find(ALL, 2, cursor=first.next_cursor)
    third = store.find(ALL, 2, cursor=second.next_cursor)

    pages = [[one.customer_id for one in page.tasks] for page in (first, second, third)]
    assert pages == [["c4", "c3"], ["c2", "c1"], ["c0"]]
    assert third.next_cursor is None


def test_a_change_is_stored_and_a_wrong_transition_is_not(store):
    store.add([task("ada")], cooldown_days=COOLDOWN_DAYS)
    done = store.change(task("ada").task_id, DONE, now=LATER).after

    with pytest.raises(WrongTransition):
        store.change(done.task_id, TaskChange(state=TaskState.DISMISSED, note="x"), now=LATER)
    assert store.find(ALL, 10).tasks == [done]
    assert (done.state, done.outcome, done.changed_at) == (TaskState.DONE, TaskOutcome.LOST, LATER)


def test_a_task_that_does_not_exist_cannot_be_changed(store):
    with pytest.raises(NotFound):
        store.change("0" * 16, DONE, now=LATER)
    store.add([task("ada")], cooldown_days=COOLDOWN_DAYS)
    with pytest.raises(NotFound):
        store.change("0" * 16, DONE, now=LATER)


def test_a_delivered_task_is_no_longer_undelivered(store):
    store.add([task("ada"), task("bo")], cooldown_days=COOLDOWN_DAYS)
    store.mark_delivered(task("ada"), now=LATER)

    assert customer_ids(store, TaskFilter(undelivered=True)) == ["bo"]
    assert store.find(TaskFilter(customer_id="ada"), 1).tasks[0].delivered_at == LATER


def test_reading_creates_no_database(tmp_path):
    store = TaskStore.at(None, tmp_path / "var/shop/tasks.db", data_set="shop")

    assert store.find(ALL, 10).tasks == []
    assert list(tmp_path.iterdir()) == []


def test_an_unavailable_database_is_one_line_without_its_password(tmp_path):
    store = TaskStore.at("postgresql://ann:hunter2@127.0.0.1:9/x", tmp_path / "unused.db", data_set="shop")

    with pytest.raises(SourceUnavailable, match="unavailable") as error:
        store.find(ALL, 10)
    assert "hunter2" not in str(error.value)
    assert "\n" not in str(error.value)


def test_tasks_of_another_format_are_refused(store):
    store.add([task("ada")], cooldown_days=COOLDOWN_DAYS)
    with store.database.begin() as connection:
        connection.exec_driver_sql("update kizuna_tasks_schema set version = 99")

    with pytest.raises(SourceUnavailable, match="format 99"):
        store.find(ALL, 10)


def test_a_url_of_another_database_is_refused(tmp_path):
    with pytest.raises(BadInput, match="begins with 'mysql:'"):
        TaskStore.at("mysql://x", tmp_path, data_set="shop")


def test_times_are_stored_in_utc(store):
    from zoneinfo import ZoneInfo

    created_at = datetime(2026, 4, 1, 12, tzinfo=ZoneInfo("Asia/Tokyo"))
    store.add([msgspec.structs.replace(TASK, created_at=created_at)], cooldown_days=COOLDOWN_DAYS)

    assert store.find(ALL, 1).tasks[0].created_at == datetime(2026, 4, 1, 3, tzinfo=UTC)


def test_a_week_takes_no_more_tasks_than_its_limit_and_the_others_come_later(store):
    tasks = [msgspec.structs.replace(task(name), created_at=LATER) for name in ("ada", "bo", "cyd", "dan")]
    next_week = LATER + timedelta(days=7)

    def add(now: datetime) -> list[str]:
        most = store.count_left_this_week(2, now=now)
        current = [msgspec.structs.replace(one, created_at=now) for one in tasks]
        return [one.customer_id for one in store.add(current, cooldown_days=COOLDOWN_DAYS, most=most)]

    assert add(LATER) == ["ada", "bo"]
    assert add(LATER + timedelta(days=6)) == []
    assert add(next_week) == ["cyd", "dan"]
    assert store.count_left_this_week(None, now=LATER) is None
