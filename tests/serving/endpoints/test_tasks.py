"""Tasks over HTTP: read, filtered, page by page, changed; and what cannot be meant is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.tasks.store import TaskStore
from tests.core.test_tasks import DAY
from tests.serving.conftest import asker, face_on
from tests.serving.hand_made import hand_made, put_in_force
from tests.serving.tasks.test_store import QUIET, task

TASKS = "/v1/tasks"
ADA = f"{TASKS}/{task('ada').task_id}"
NOBODYS = f"{TASKS}/{'0' * 16}"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A data set with a release."""
    put_in_force(tmp_path / "releases", hand_made())
    return tmp_path


@pytest.fixture
def desk(home):
    """Ask a face of a data set with three tasks, of Ada and Bo (Ann's) and of Cyd (nobody's)."""
    store = TaskStore.at(None, home / "tasks.db", "shop")
    store.add([task("ada", owner="ann"), task("bo", owner="ann"), task("cyd")], QUIET)
    return asker(face_on(home / "releases"))


def customers(desk, **query):
    answer = desk("GET", TASKS, params=query)
    assert answer.status_code == 200, answer.text
    return [one["customer_id"] for one in answer.json()["tasks"]]


def test_a_task_says_all_that_is_needed(desk):
    (found,) = desk("GET", TASKS, params={"customer_id": "ada"}).json()["tasks"]

    assert found["task_id"] == task("ada").task_id
    assert (found["owner"], found["state"], found["outcome"], found["due_on"]) == ("ann", "open", None, "2026-04-08")
    assert (found["reason_en"], found["reason_ja"]) == ("fell", "低下")
    assert (found["action"], found["action_ja"]) == ("call", "call")
    assert (found["episode"], found["created_at"]) == (DAY.isoformat(), "2026-04-01T03:00:00Z")


def test_the_answer_names_its_release_like_every_other(desk):
    answer = desk("GET", TASKS).json()

    assert (answer["release_id"], answer["model"], answer["cutoff"]) == (
        hand_made().description.release_id, None, "2026-04-01",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["cyd", "bo", "ada"]),
        ({"owner": "ann"}, ["bo", "ada"]),
        ({"owner": ""}, ["cyd"]),
        ({"state": "open", "customer_id": "bo"}, ["bo"]),
        ({"state": "done"}, []),
        ({"limit": 1}, ["cyd"]),
    ],
)
def test_the_newest_come_first_and_filters_hold(desk, query, expected):
    assert customers(desk, **query) == expected


def test_the_cursor_goes_on_where_the_page_before_ended(desk):
    first = desk("GET", TASKS, params={"limit": 2}).json()
    second = desk("GET", TASKS, params={"limit": 2, "cursor": first["next_cursor"]}).json()

    assert [one["customer_id"] for one in first["tasks"] + second["tasks"]] == ["cyd", "bo", "ada"]
    assert second["next_cursor"] is None


def test_what_became_of_a_task_is_kept(desk):
    word = {"state": "done", "outcome": "kept", "owner": "max", "note": "電話済み"}
    answer = desk("PATCH", ADA, json=word)

    assert answer.status_code == 200
    assert {name: answer.json()["task"][name] for name in word} == word
    assert customers(desk, state="open") == ["cyd", "bo"]
    assert customers(desk, owner="max") == ["ada"]


def test_what_is_not_said_stays_as_it_was(desk):
    desk("PATCH", ADA, json={"note": "called"})
    found = desk("PATCH", ADA, json={"owner": ""}).json()["task"]

    assert (found["note"], found["owner"], found["state"]) == ("called", "", "open")
    assert found["changed_at"] > found["created_at"]


@pytest.mark.parametrize(
    ("path", "word", "status", "kind"),
    [
        (ADA, {"outcome": "kept"}, 409, "wrong-transition"),
        (ADA, {"state": "open", "outcome": "kept"}, 409, "wrong-transition"),
        (NOBODYS, {"state": "done"}, 404, "unknown-task"),
        (f"{TASKS}/ada", {"state": "done"}, 422, "invalid-request"),
        (ADA, {"state": "gone"}, 422, "invalid-request"),
        (ADA, {"state": None}, 422, "invalid-request"),
        (ADA, {"task_id": "0" * 16}, 422, "invalid-request"),
        (ADA, {"owner": "x" * 129}, 422, "invalid-request"),
        (ADA, [], 422, "invalid-request"),
    ],
)
def test_a_change_that_cannot_be_is_a_stated_problem(desk, path, word, status, kind):
    answer = desk("PATCH", path, json=word)

    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:kizuna:problem:{kind}")
    assert answer.headers["content-type"] == "application/problem+json"


def test_done_does_not_become_dismissed_without_being_opened_again(desk):
    words = ["done", "dismissed", "open", "dismissed"]

    assert [desk("PATCH", ADA, json={"state": word}).status_code for word in words] == [200, 409, 200, 200]


@pytest.mark.parametrize("query", [{"state": "gone"}, {"limit": 0}, {"limit": 1001}, {"cursor": "x"}, {"surprise": 1}])
def test_a_question_that_cannot_be_meant_is_refused(desk, query):
    assert desk("GET", TASKS, params=query).status_code == 422


def test_before_the_first_task_there_are_none_and_looking_makes_no_file(home):
    desk = asker(face_on(home / "releases"))

    assert customers(desk) == []
    assert desk("PATCH", ADA, json={}).status_code == 404
    assert not (home / "tasks.db").exists()


def test_a_database_out_of_reach_is_a_problem_that_tells_nothing_of_it(home):
    (home / "tasks.db").write_bytes(b"this is no database, and longer than a header of one" * 20)

    answer = asker(face_on(home / "releases"))("GET", TASKS)

    assert (answer.status_code, answer.json()["type"]) == (503, "urn:kizuna:problem:tasks-out-of-reach")
    assert "tasks.db" not in answer.text


def test_a_workers_other_routes_do_without_sqlalchemy(home):
    import subprocess
    import sys

    asked = (
        "import sys; from pathlib import Path; from tests.serving.conftest import asker, face_on; "
        f"ask = asker(face_on(Path({str(home / 'releases')!r}))); "
        "assert ask('POST', '/v1/churn/score', json={'customer_ids': ['ada']}).status_code == 200; "
        "print('sqlalchemy' in sys.modules, 'pandas' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)

    assert said.stdout.split() == ["False", "False"]
