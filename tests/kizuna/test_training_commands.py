"""Commands around training: options, MLflow runs, history, listings."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.config.data_set import Config
from core.errors import BadInput
from core.ledger import ALIAS_MOVED, RELEASE_ACTIVATED, Ledger
from kizuna.commands.history import print_state
from kizuna.commands.train import parse_settings
from kizuna.main import run
from kizuna.session import mlflow_run_id
from tests.worlds import config
from training.run.tracking import Tracking


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.chdir(tmp_path)
    return config(var=str(tmp_path / "var"))


def test_settings_are_read_as_json_or_else_as_text():
    changes = ["n_leaves=16", "l2=0.5", "calibrated=true", "n_trees=null", "name=plain"]

    assert parse_settings("blend", changes) == {
        "n_leaves": 16, "l2": 0.5, "calibrated": True, "n_trees": None, "name": "plain",
    }  # fmt: skip


def test_settings_without_a_model_or_value_are_an_error():
    with pytest.raises(BadInput, match="name the model with --model"):
        parse_settings(None, ["n_leaves=16"])
    with pytest.raises(BadInput, match="takes key=value, found 'n_leaves'"):
        parse_settings("blend", ["n_leaves"])


def test_a_run_in_another_mlflow_database_is_an_error_that_names_the_right_one(settings, monkeypatch):
    monkeypatch.setenv("MLFLOW_RUN_ID", "abc")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db")

    with pytest.raises(BadInput, match=f"MLFLOW_TRACKING_URI={settings.places.tracking_uri}"):
        mlflow_run_id(settings)


@pytest.mark.parametrize("uri", ["project", "https://mlflow.example.org"])
def test_a_run_in_the_own_store_or_on_a_server_continues(settings, monkeypatch, uri: str):
    monkeypatch.setenv("MLFLOW_RUN_ID", "abc")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", settings.places.tracking_uri if uri == "project" else uri)

    assert mlflow_run_id(settings) == "abc"


@pytest.fixture
def ledger(settings) -> Ledger:
    """Release r1 and version 3 went live on the first of September, r2 and version 4 on the twentieth."""
    ledger = Ledger(settings.places.ledger, host="web1")
    for day, release, version in ((1, "r1", 3), (20, "r2", 4)):
        at = datetime(2026, 9, day, tzinfo=UTC)
        details = {"kind": "churn", "alias": "champion", "version": version}
        ledger.append(ALIAS_MOVED, details, who="ada", why="gate", at=at)
        ledger.append(RELEASE_ACTIVATED, {"release": release}, who="ada", why="newer", at=at)
    return ledger


@pytest.fixture
def toml(settings) -> str:
    """The TOML of a shop in Tokyo, without tables."""
    path = Path("shop.toml")
    path.write_text(
        f'name = "{settings.name}"\ntime_zone = "Asia/Tokyo"\ncurrency = "JPY"\nactive_days = 180\n'
        f'var = "{settings.var}"\n[tables.purchases]\npath = "none.parquet"\n'
    )
    return str(path)


def test_history_is_a_table_of_what_was_live_then_and_nothing_later(ledger, settings, capsys):
    moment = datetime(2026, 9, 14, tzinfo=UTC)
    print_state(ledger.at(moment), moment, config=settings)

    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[1:]] == [
        ["live", "since", "by", "on", "entry"],
        ["release", "on", "web1", "r1", "2026-09-01", "09:00", "ada", "web1", "2"],
        ["churn", "@champion", "version", "3", "2026-09-01", "09:00", "ada", "web1", "1"],
        ["1:", "gate"],
        ["2:", "newer"],
    ]


@pytest.mark.parametrize(
    ("at", "live"),
    [
        ("2026-09-01T08:59", []),  # In Tokyo: one minute before midnight in UTC.
        ("2026-09-01T09:00", ["r1"]),
        ("2026-09-01T00:00+00:00", ["r1"]),
        ("2026-09-01", []),
        ("2026-09-02", ["r1"]),
        ("2026-09-20T09:00", ["r2"]),
    ],
)
def test_a_day_or_time_without_an_offset_is_in_the_business_time_zone(ledger, toml, capsys, at, live):
    assert run(["history", "--config", toml, "--at", at, "--format", "json"]) == 0

    history = json.loads(capsys.readouterr().out)
    assert [entry["details"]["release"] for entry in history["releases"].values()] == live
    assert history["at"].endswith("+09:00")


def test_what_is_no_time_is_an_error_with_an_example(toml, capsys):
    assert run(["history", "--config", toml, "--at", "yesterday"]) == 2
    assert "--at takes a day or a time such as 2026-09-14" in capsys.readouterr().err


def test_an_unknown_model_kind_gets_a_suggestion(capsys):
    assert run(["promote", "chrun"]) == 2
    assert "did you mean 'churn'" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["train", "churn"], ["train", "recommender"], ["tune", "recommender"], ["promote"],
                                     ["models"], ["history"], ["ui"]])  # fmt: skip
def test_help_shows_an_example(command, capsys):
    assert run([*command, "--help"]) == 0
    assert "Example: kizuna " in capsys.readouterr().out


def test_a_missing_configuration_prints_one_line(settings, capsys):
    del settings
    assert run(["models", "--config", "none.toml"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_models_without_any_version_names_the_next_command(toml, capsys):
    assert run(["models", "--config", toml]) == 0
    output = capsys.readouterr().out
    assert "next: kizuna train churn" in output
    assert "train texts" not in output


def test_the_ui_prints_a_link_to_the_table_of_runs_of_each_experiment(settings, toml, monkeypatch, capsys):
    with Tracking(settings.places.tracking_uri).run(f"kizuna.{settings.name}.churn", "one"):
        pass
    monkeypatch.setattr(os, "execve", lambda *_: None)

    assert run(["ui", "--config", toml, "--port", "5993"]) == 0

    link = f"kizuna.{settings.name}.churn: http://127.0.0.1:5993/#/experiments/1/runs?workflowType=machine_learning"
    assert link in capsys.readouterr().out
