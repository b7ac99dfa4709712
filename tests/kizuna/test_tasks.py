"""`kizuna tasks`: what was delivered, what was not, and sending it again."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from kizuna.main import run
from serving.tasks.store import TaskStore
from tests.serving.conftest import free_port
from tests.serving.sample_release import churn_part, publish, sample_release
from tests.serving.tasks.test_store import COOLDOWN_DAYS, task
from tests.serving.webhooks.test_delivery import SECRET, receiver

FIRST, SECOND = "20260401T030000Z-aaaaaa", "20260402T030000Z-bbbbbb"
LEVELS_AFTER = np.array([2, 0, 2], dtype=np.uint8)
WEBHOOKS = f"""
[webhooks]
events = ["task.created", "customer.risk_changed"]
allow_http = true
allow_addresses = ["127.0.0.1"]
[health]
webhook = "${{WEBHOOK}}"
webhook_secret = "{SECRET}"
"""


@pytest.fixture
def shop(home):
    """The folder, with a webhook and two open tasks."""
    with (home / "kizuna.toml").open("a") as file:
        file.write(WEBHOOKS)
    store = TaskStore.at(None, home / "var/shop/tasks.db", data_set="shop")
    store.add([task("ada"), task("bo")], cooldown_days=COOLDOWN_DAYS)
    return home


def test_a_rejected_task_is_listed_as_a_dead_letter_and_sent_again_by_its_id(shop, monkeypatch, capfd):
    with receiver(400) as crm:
        monkeypatch.setenv("WEBHOOK", crm.address)
        assert run(["tasks", "deliver"]) == 0
        delivered = capfd.readouterr().out
        assert run(["tasks", "dead"]) == 0
        dead = capfd.readouterr().out
        assert run(["tasks", "resend", task("ada").task_id]) == 0
        resent = capfd.readouterr().out
        assert run(["tasks", "dead"]) == 0

    assert "events delivered: 1; kept for the next run: 0; new dead letters: 1" in delivered
    assert task("ada").task_id in dead
    assert "status 400" in dead
    assert "events delivered: 1; kept for the next run: 0; new dead letters: 0" in resent
    assert "no dead letters" in capfd.readouterr().out
    assert crm.customer_ids == ["ada", "bo", "ada"]


def test_json_has_the_report_the_dead_letters_and_the_tasks(shop, monkeypatch, capfd):
    with receiver(400, 404) as crm:
        monkeypatch.setenv("WEBHOOK", crm.address)
        assert run(["tasks", "deliver", "--format", "json"]) == 0
        report = json.loads(capfd.readouterr().out)
        assert run(["tasks", "dead", "--format", "json", "--most", "1"]) == 0
        dead = json.loads(capfd.readouterr().out)
        assert run(["tasks", "resend", "all", "--format", "json"]) == 0
        resent = json.loads(capfd.readouterr().out)
        assert run(["tasks", "list", "--format", "json"]) == 0
        listed = json.loads(capfd.readouterr().out)

    assert (report["delivered"], report["dead"]) == (0, 2)
    assert (dead["count"], [one["status"] for one in dead["dead_letters"]]) == (2, [404])
    assert (resent["delivered"], resent["dead"]) == (2, 0)
    assert all(one["delivered_at"] for one in listed)


def test_an_unknown_dead_letter_and_a_missing_webhook_are_one_line_each(shop, monkeypatch, capfd):
    monkeypatch.setenv("WEBHOOK", "http://127.0.0.1:9/")
    assert run(["tasks", "resend", "0123456789abcdef"]) == 2
    assert "no such dead letter; see `kizuna tasks dead`" in capfd.readouterr().err
    toml = shop / "kizuna.toml"
    toml.write_text(toml.read_text().replace(WEBHOOKS, ""))
    assert run(["tasks", "deliver"]) == 2
    assert "set webhook and webhook_secret under [health]" in capfd.readouterr().err


def publish_two_releases(home):
    """Ada is at medium risk, and then at high risk."""
    folder = home / "var/shop/releases"
    for release_id, churn in ((FIRST, churn_part()), (SECOND, replace(churn_part(), risk_level=LEVELS_AFTER))):
        publish(folder, replace(sample_release(release_id), churn=churn))


def test_a_rollback_reports_changed_risk_levels_and_still_works_while_the_webhook_is_down(shop, monkeypatch, capfd):
    publish_two_releases(shop)
    monkeypatch.setenv("WEBHOOK", f"http://127.0.0.1:{free_port()}/")
    monkeypatch.setattr("serving.webhooks.sending.FIRST_WAIT_SECONDS", 0.0)
    assert run(["release", "--rollback", "--format", "json"]) == 0
    output = capfd.readouterr()
    assert json.loads(output.out)["release"]["release_id"] == FIRST
    assert "risk levels changed: 1 customers" in output.err
    assert "kept for the next run: 3" in output.err

    with receiver() as crm:
        monkeypatch.setenv("WEBHOOK", crm.address)
        assert run(["tasks", "deliver"]) == 0
    bodies = [json.loads(body) for _, body in crm.requests]
    assert [body["type"] for body in bodies] == ["task.created", "task.created", "customer.risk_changed"]
    change = bodies[-1]["data"]
    assert (change["customer_id"], change["risk_level_before"], change["risk_level"]) == ("ada", "high", "medium")


def test_events_of_changed_risk_levels_need_a_webhook(home, capfd):
    with (home / "kizuna.toml").open("a") as file:
        file.write('[webhooks]\nevents = ["customer.risk_changed"]\n')

    assert run(["tasks", "list"]) == 2
    assert "customer.risk_changed needs the webhook of [health]" in capfd.readouterr().err


def test_a_webhook_on_this_host_is_an_error_that_names_the_settings(shop, monkeypatch, capfd):
    monkeypatch.setenv("WEBHOOK", "http://localhost:3000/hook")
    toml = shop / "kizuna.toml"
    toml.write_text(toml.read_text().replace('allow_http = true\nallow_addresses = ["127.0.0.1"]\n', ""))

    assert run(["tasks", "list"]) == 2
    (line,) = (line for line in capfd.readouterr().err.splitlines() if line.startswith("kizuna:"))
    assert 'set allow_http = true and allow_addresses = ["127.0.0.1"] under [webhooks]' in line
