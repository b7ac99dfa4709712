"""Tasks are changed by plain forms: of the service's own pages, and with a key that may change tasks."""

from __future__ import annotations

import pytest

from core.access import Scope
from core.tasks import TaskState
from serving.tasks.store import TaskFilter, TaskStore
from tests.serving.http.company import Company
from tests.serving.tasks.test_store import COOLDOWN_DAYS, task
from tests.serving.ui.conftest import read

OWN = {"sec-fetch-site": "same-origin"}
DONE = {"task_id": task("ada").task_id, "state": "done", "outcome": "kept", "note": "she stays\r\nuntil May"}


@pytest.fixture
def store(home) -> TaskStore:
    """One open task, Ada's."""
    store = TaskStore.at(None, home / "tasks.db", data_set="shop")
    store.add([task("ada")], cooldown_days=COOLDOWN_DAYS)
    return store


def test_the_form_of_a_task_stores_its_state_outcome_and_note(company, store):
    assert company.ask("POST", "/ui/tasks?lang=ja", data=DONE, headers=OWN) == 303
    assert company.response.headers["location"] == "/ui/tasks?changed=done&lang=ja"
    (changed,) = store.find(TaskFilter(), 10).tasks

    assert (changed.state, changed.outcome, changed.note) == ("done", "kept", "she stays\nuntil May")
    company.ask("GET", "/ui/tasks?state=done&changed=done")
    assert "done: kept – she stays until May" in " ".join(read(company.response).text.split())


def test_after_a_form_the_same_page_of_tasks_is_shown(company, store):
    page = {"shown": "open", "customer": "a&b", "cursor": "51"}
    company.ask("POST", "/ui/tasks", data=DONE | page, headers=OWN)

    assert company.response.headers["location"] == "/ui/tasks?state=open&customer=a%26b&cursor=51&changed=done"


def test_a_form_names_the_page_that_it_is_on(company, store):
    company.ask("GET", "/ui/tasks?customer=ada&cursor=51")

    for field in ('name="shown" value="open"', 'name="customer" value="ada"', 'name="cursor" value="51"'):
        assert f'<input type="hidden" {field}>' in company.response.text


def test_a_task_is_opened_again_without_its_outcome_but_with_its_note(company, store):
    company.ask("POST", "/ui/tasks", data=DONE, headers=OWN)
    company.ask("POST", "/ui/tasks", data={"task_id": DONE["task_id"], "state": "open"}, headers=OWN)
    (opened,) = store.find(TaskFilter(), 10).tasks

    assert (opened.state, opened.outcome, opened.note) == ("open", None, "she stays\nuntil May")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"origin": "http://localhost"}, 303),
        ({"sec-fetch-site": "same-origin", "origin": "https://kizuna.example"}, 303),  # a proxy has changed Host
        ({"sec-fetch-site": "cross-site", "origin": "http://localhost"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({"origin": "http://attacker.example"}, 403),
        ({"origin": "http://localhost.attacker.example"}, 403),
        ({"origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_a_form_of_another_site_changes_nothing(company, store, headers, status):
    assert company.ask("POST", "/ui/tasks", data=DONE, headers=headers) == status
    state = TaskState.DONE if status == 303 else TaskState.OPEN
    assert [one.state for one in store.find(TaskFilter(), 10).tasks] == [state]


def test_changing_a_task_needs_both_scopes(home, store):
    company = Company(home)
    _, reader = company.add(Scope.READ)
    _, tasks = company.add(Scope.TASKS)
    _, both = company.add(Scope.READ, Scope.TASKS)

    company.ask("GET", "/ui/tasks", auth=("me", reader))
    assert "textarea" not in read(company.response).tags
    for key in (reader, tasks):
        assert company.ask("POST", "/ui/tasks", data=DONE, headers=OWN, auth=("me", key)) == 403
    assert company.ask("POST", "/ui/tasks", data=DONE, headers=OWN) == 401
    company.ask("GET", "/ui/tasks", auth=("me", both))
    assert "textarea" in read(company.response).tags
    assert company.ask("POST", "/ui/tasks", data=DONE, headers=OWN, auth=("me", both)) == 303


@pytest.mark.parametrize(
    ("form", "status"),
    [
        (DONE | {"state": "gone"}, 422),
        (DONE | {"task_id": "no id"}, 422),
        (DONE | {"task_id": "0" * 16}, 404),
        (DONE | {"note": "x" * 4001}, 422),
        (DONE | {"outcome": "rich"}, 422),
        (DONE | {"state": "open"}, 409),
    ],
)
def test_a_form_that_does_not_fit_changes_nothing(company, store, form, status):
    assert company.ask("POST", "/ui/tasks", data=form, headers=OWN) == status
    assert read(company.response).language == "en"
    assert [one.state for one in store.find(TaskFilter(), 10).tasks] == [TaskState.OPEN]


def test_a_body_that_is_no_form_is_refused(company, store):
    assert company.ask("POST", "/ui/tasks", json=DONE, headers=OWN) == 415
    content = {"content-type": "application/x-www-form-urlencoded", **OWN}
    assert company.ask("POST", "/ui/tasks", content=b"x" * 1_100_000, headers=content) == 413
    assert company.ask("POST", "/ui/tasks", content="&".join(f"a{n}=1" for n in range(30)), headers=content) == 422
    assert company.ask("POST", "/ui/tasks", content=b"note=%ff", headers=content) == 422
    assert store.find(TaskFilter(), 10).tasks[0].state == TaskState.OPEN
