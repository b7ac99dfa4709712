"""The commands around training: what they refuse, what they print, and whose run they continue."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.config.data_set import Config
from core.errors import BadInput
from core.ledger import ALIAS_MOVED, RELEASE_ACTIVATED, Ledger
from kizuna.commands.history import moment_of, tell
from kizuna.commands.train import settings_of
from kizuna.main import run
from kizuna.session import continued_run
from tests.worlds import config


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.chdir(tmp_path)
    return config(var=str(tmp_path / "var"))


def test_settings_are_read_as_in_json_and_anything_else_is_text():
    stated = ["n_leaves=16", "l2=0.5", "calibrated=true", "n_trees=null", "name=plain"]

    assert settings_of("blend", stated) == {
        "n_leaves": 16, "l2": 0.5, "calibrated": True, "n_trees": None, "name": "plain",
    }  # fmt: skip


def test_settings_without_a_model_or_a_value_are_refused():
    with pytest.raises(BadInput, match="name it with --model"):
        settings_of(None, ["n_leaves=16"])
    with pytest.raises(BadInput, match="takes key=value, found 'n_leaves'"):
        settings_of("blend", ["n_leaves"])


def test_a_run_that_mlflow_began_in_its_own_database_stops_and_names_the_right_address(here, monkeypatch):
    monkeypatch.setenv("MLFLOW_RUN_ID", "abc")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///mlflow.db")

    with pytest.raises(BadInput, match=f"MLFLOW_TRACKING_URI={here.places.tracking_uri}"):
        continued_run(here)


@pytest.mark.parametrize("uri", ["project", "https://mlflow.example.org"])
def test_a_run_in_the_project_s_store_or_on_a_server_is_continued(here, monkeypatch, uri: str):
    monkeypatch.setenv("MLFLOW_RUN_ID", "abc")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", here.places.tracking_uri if uri == "project" else uri)

    assert continued_run(here) == "abc"


def test_a_moment_without_an_offset_is_the_business_s_own():
    assert moment_of("2026-09-14T10:00", config()) == datetime(2026, 9, 14, 1, tzinfo=UTC)
    assert moment_of("2026-09-14T10:00+00:00", config()) == datetime(2026, 9, 14, 10, tzinfo=UTC)
    with pytest.raises(BadInput, match="such as 2026-09-14T10:00"):
        moment_of("yesterday", config())


def test_history_tells_what_was_live_then_and_not_what_came_later(here, capsys):
    ledger = Ledger(here.places.ledger, host="web1")
    for day, release, version in ((1, "r1", 3), (20, "r2", 4)):
        at = datetime(2026, 9, day, tzinfo=UTC)
        ledger.append(ALIAS_MOVED, "ada", "gate", {"kind": "churn", "alias": "champion", "version": version}, at)
        ledger.append(RELEASE_ACTIVATED, "ada", "newer", {"release": release}, at)

    moment = moment_of("2026-09-14T10:00+09:00", here)
    tell(ledger.at(moment), moment, here)

    told = capsys.readouterr().out
    assert "web1 answered from r1" in told
    assert "churn @champion: version 3" in told
    assert "r2" not in told


def test_an_unknown_kind_of_model_names_those_there_are(capsys):
    assert run(["promote", "chrun"]) == 2
    assert "did you mean 'churn'" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["train", "churn"], ["train", "recommender"], ["tune", "recommender"], ["promote"],
                                     ["models"], ["history"], ["ui"]])  # fmt: skip
def test_help_shows_an_example(command, capsys):
    assert run([*command, "--help"]) == 0
    assert "Example: kizuna " in capsys.readouterr().out


def test_a_configuration_that_is_not_there_is_one_line(here, capsys):
    del here
    assert run(["models", "--config", "none.toml"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_models_of_a_data_set_without_any_says_what_to_do(here, capsys):
    toml = Path("shop.toml")
    toml.write_text(
        f'name = "shop"\ntime_zone = "Asia/Tokyo"\ncurrency = "JPY"\nactive_days = 180\nvar = "{here.var}"\n'
        '[tables.purchases]\npath = "none.parquet"\n'
    )

    assert run(["models", "--config", str(toml)]) == 0
    told = capsys.readouterr().out
    assert "next: kizuna train churn" in told
    assert "train texts" not in told
