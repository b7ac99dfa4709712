"""`kizuna models --drift`, as it is typed."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from kizuna.main import run
from kizuna.options import open_config, tracking_uri
from kizuna.session import open_session
from simulation.shop.simulate import ShopWorld, simulate_shop
from training.churn.pipeline import train_churn
from training.run.pipeline import move_alias
from training.run.tracking import Tracking

CUTOFFS = "step_days = 30\nmax_cutoffs = 6"


@pytest.fixture
def shop_toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A simulated shop in the working directory, without models."""
    monkeypatch.chdir(tmp_path)
    toml = simulate_shop(ShopWorld(n_customers=200)).write(tmp_path)
    text = toml.read_text(encoding="utf-8")
    assert CUTOFFS in text
    toml.write_text(text.replace(CUTOFFS, "step_days = 60\nmax_cutoffs = 2"), encoding="utf-8")
    return toml


def test_drift_shows_churn_rates_and_shifted_features_of_the_champion(shop_toml: Path, capsys):
    session = open_session(shop_toml, Console(quiet=True))
    challenger = train_churn(session, "logistic", settings={"n_resamples": 5}).challenger
    move_alias(session, challenger, alias="champion", why="test")

    assert run(["models", "--drift", "--config", str(shop_toml)]) == 0

    output = capsys.readouterr().out
    assert all(day.isoformat() in output for day in challenger.card.training_cutoffs)
    assert f"training rows of kizuna.{session.config.name}.churn, version {challenger.version}" in output
    # Customers of a shop that grows old have bought for longer.
    assert "days_since_first_purchase" in output


def test_any_command_that_opens_the_store_ends_runs_whose_process_is_gone(home: Path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    client = Tracking(tracking_uri(open_config(home / "kizuna.toml")))._client
    experiment = client.create_experiment("kizuna.shop.churn")
    run_id = client.create_run(experiment, tags={"process": f"{socket.gethostname()} {gone.pid}"}).info.run_id

    assert run(["models"]) == 0

    assert client.get_run(run_id).info.status == "KILLED"


def test_drift_of_a_champion_without_features_says_so(shop_toml: Path, capsys):
    session = open_session(shop_toml, Console(quiet=True))
    challenger = train_churn(session, "base_rate").challenger
    move_alias(session, challenger, alias="champion", why="test")

    assert run(["models", "--drift", "--config", str(shop_toml)]) == 0
    assert "base_rate uses no features" in capsys.readouterr().out


def test_drift_without_a_champion_names_the_next_command(shop_toml: Path, capsys):
    assert run(["models", "--drift", "--config", str(shop_toml)]) == 2
    assert "run kizuna train churn" in capsys.readouterr().err
