"""GET and PATCH /v1/tasks: filters, pages, changes and invalid requests."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.tasks.store import TaskStore
from tests.core.test_tasks import DAY
from tests.serving.conftest import client_for, open_api
from tests.serving.sample_release import publish, sample_release
from tests.serving.tasks.test_store import COOLDOWN_DAYS, task

TASKS = "/v1/tasks"
ADA_TASK = f"{TASKS}/{task('ada').task_id}"
UNKNOWN_TASK = f"{TASKS}/{'0' * 16}"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A data set with a release."""
    publish(tmp_path / "releases", sample_release())
    return tmp_path


@pytest.fixture
def send(home):
    """Send a request; there are three tasks, two of Ann's (Ada and Bo) and one without an owner (Cyd)."""
    store = TaskStore.at(None, home / "tasks.db", data_set="shop")
    store.add([task("ada", owner="ann"), task("bo", owner="ann"), task("cyd")], cooldown_days=COOLDOWN_DAYS)
    return client_for(open_api(home / "releases"))


def customer_ids(send, **query):
    response = send("GET", TASKS, params=query)
    assert response.status_code == 200, response.text
    return [one["customer_id"] for one in response.json()["tasks"]]


def test_a_task_contains_reason_action_owner_and_due_date(send):
    (only_task,) = send("GET", TASKS, params={"customer_id": "ada"}).json()["tasks"]

    assert only_task["task_id"] == task("ada").task_id
    assert (only_task["owner"], only_task["state"], only_task["outcome"], only_task["due_on"]) == (
        "ann",
        "open",
        None,
        "2026-04-08",
    )
    assert (only_task["reason_en"], only_task["reason_ja"]) == ("fell", "低下")
    assert (only_task["action"], only_task["action_ja"]) == ("call", "call")
    assert (only_task["episode"], only_task["created_at"]) == (DAY.isoformat(), "2026-04-01T03:00:00Z")


def test_the_response_names_its_release(send):
    response = send("GET", TASKS).json()

    assert (response["release_id"], response["model"], response["cutoff"]) == (
        sample_release().description.release_id, None, "2026-04-01",
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
def test_tasks_are_filtered_newest_first(send, query, expected):
    assert customer_ids(send, **query) == expected


def test_the_cursor_continues_after_the_previous_page(send):
    first = send("GET", TASKS, params={"limit": 2}).json()
    second = send("GET", TASKS, params={"limit": 2, "cursor": first["next_cursor"]}).json()

    assert [one["customer_id"] for one in first["tasks"] + second["tasks"]] == ["cyd", "bo", "ada"]
    assert second["next_cursor"] is None


def test_a_change_is_stored(send):
    change = {"state": "done", "outcome": "kept", "owner": "max", "note": "電話済み"}
    response = send("PATCH", ADA_TASK, json=change)

    assert response.status_code == 200
    assert {name: response.json()["task"][name] for name in change} == change
    assert customer_ids(send, state="open") == ["cyd", "bo"]
    assert customer_ids(send, owner="max") == ["ada"]


def test_missing_fields_stay_as_they_were(send):
    send("PATCH", ADA_TASK, json={"note": "called"})
    changed = send("PATCH", ADA_TASK, json={"owner": ""}).json()["task"]

    assert (changed["note"], changed["owner"], changed["state"]) == ("called", "", "open")
    assert changed["changed_at"] > changed["created_at"]


@pytest.mark.parametrize(
    ("path", "change", "status", "kind"),
    [
        (ADA_TASK, {"outcome": "kept"}, 409, "wrong-transition"),
        (ADA_TASK, {"state": "open", "outcome": "kept"}, 409, "wrong-transition"),
        (UNKNOWN_TASK, {"state": "done"}, 404, "unknown-task"),
        (f"{TASKS}/ada", {"state": "done"}, 422, "invalid-request"),
        (ADA_TASK, {"state": "gone"}, 422, "invalid-request"),
        (ADA_TASK, {"state": None}, 422, "invalid-request"),
        (ADA_TASK, {"task_id": "0" * 16}, 422, "invalid-request"),
        (ADA_TASK, {"owner": "x" * 129}, 422, "invalid-request"),
        (ADA_TASK, [], 422, "invalid-request"),
    ],
)
def test_an_invalid_change_has_its_problem_type(send, path, change, status, kind):
    response = send("PATCH", path, json=change)

    assert (response.status_code, response.json()["type"]) == (status, f"urn:kizuna:problem:{kind}")
    assert response.headers["content-type"] == "application/problem+json"


def test_a_done_task_must_be_reopened_before_it_is_dismissed(send):
    states = ["done", "dismissed", "open", "dismissed"]

    assert [send("PATCH", ADA_TASK, json={"state": state}).status_code for state in states] == [200, 409, 200, 200]


@pytest.mark.parametrize("query", [{"state": "gone"}, {"limit": 0}, {"limit": 1001}, {"cursor": "x"}, {"surprise": 1}])
def test_an_invalid_query_is_refused(send, query):
    assert send("GET", TASKS, params=query).status_code == 422


def test_reading_does_not_create_the_database(home):
    send = client_for(open_api(home / "releases"))

    assert customer_ids(send) == []
    assert send("PATCH", ADA_TASK, json={}).status_code == 404
    assert not (home / "tasks.db").exists()


def test_an_unavailable_database_is_a_problem_without_its_path(home):
    (home / "tasks.db").write_bytes(b"this is not a database, and longer than the header of one" * 20)

    response = client_for(open_api(home / "releases"))("GET", TASKS)

    assert (response.status_code, response.json()["type"]) == (503, "urn:kizuna:problem:tasks-unavailable")
    assert "tasks.db" not in response.text


def test_other_routes_do_not_import_sqlalchemy(home):
    import subprocess
    import sys

    script = (
        "import sys; from pathlib import Path; from tests.serving.conftest import client_for, open_api; "
        f"send = client_for(open_api(Path({str(home / 'releases')!r}))); "
        "assert send('POST', '/v1/churn/score', json={'customer_ids': ['ada']}).status_code == 200; "
        "print('sqlalchemy' in sys.modules, 'pandas' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert run.stdout.split() == ["False", "False"]
