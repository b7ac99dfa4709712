"""`kizuna tune`: Ctrl-C keeps finished trials, the same command continues, and training uses the best settings."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress

import msgspec
import pytest

from simulation.shop.simulate import ShopWorld
from tests.journeys.conftest import DataSet, open_read_only
from tests.journeys.test_traces import PATIENCE_SECONDS, environment

pytestmark = pytest.mark.slow

QUICK = ("tune", "recommender", "--models", "popularity,personal_frequency")


@pytest.fixture(scope="module")
def shop(new_shop: Callable[..., DataSet]) -> DataSet:
    """A shop that tunes quickly."""
    return new_shop(ShopWorld(n_customers=100))


def count_finished_trials(shop: DataSet) -> int:
    """Number of finished trials; 0 until the studies have been created."""
    store = shop.var / "shop" / "tuning" / "trials.db"
    with suppress(sqlite3.OperationalError), closing(open_read_only(store)) as connection:
        return connection.execute("select count(*) from trials where state = 'COMPLETE'").fetchone()[0]
    return 0


def test_ctrl_c_keeps_finished_trials_and_the_same_command_continues(shop: DataSet):
    command = [sys.executable, "-m", "kizuna", *QUICK, "--budget", "1h", "--config", str(shop.toml)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=shop.home, env=environment(), **pipes) as tuning:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while count_finished_trials(shop) < 3:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        tuning.send_signal(signal.SIGINT)
        out, error = tuning.communicate(timeout=PATIENCE_SECONDS)

    assert tuning.returncode == 130
    assert out == ""
    assert "Traceback" not in error
    first, kept, interrupted = error.splitlines()[-3:]  # slow machines print progress before
    assert first.startswith("first search on ")
    assert kept.endswith("trials are kept; run the same command to continue")
    assert interrupted == "kizuna: interrupted"
    assert set(shop.runs()) <= {"FINISHED", "KILLED"}
    assert shop.runs()[0] == "KILLED"

    n_before = count_finished_trials(shop)
    again = shop.kizuna(*QUICK, "--budget", "1s")

    assert again.exit_code == 0, again.error
    assert "continuing after" in again.error
    assert count_finished_trials(shop) >= n_before
    assert again.last_line == "written: var/shop/tuned_recommenders.json; next: kizuna train recommender"


def test_training_uses_the_tuned_settings(shop: DataSet):
    assert shop.kizuna(*QUICK, "--budget", "1s").exit_code == 0
    tuned = msgspec.json.decode((shop.var / "shop" / "tuned_recommenders.json").read_bytes())

    result = shop.kizuna("train", "recommender", "--model", "personal_frequency")

    card = shop.registry.find("recommender", "challenger").card
    assert result.exit_code == 0, result.error
    assert tuned["personal_frequency"]["settings"].items() <= card.settings.items()


def test_a_broken_file_of_tuned_settings_is_reported_in_one_line(shop: DataSet):
    path = shop.var / "shop" / "tuned_recommenders.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{")

    error_line = shop.kizuna("train", "recommender").error_line

    assert "tune again with `kizuna tune recommender`, or delete the file" in error_line
    assert shop.kizuna(*QUICK, "--budget", "1s").exit_code == 0, "tuning replaces the file"


@pytest.mark.parametrize(
    ("words", "message"),
    [(("--budget", "20 minutes"), "90s, 20m or 2h"), (("--budget", "1s", "--models", "als2"), "did you mean 'als'")],
)
def test_an_invalid_budget_or_model_is_reported_in_one_line(shop: DataSet, words: tuple[str, ...], message: str):
    assert message in shop.kizuna("tune", "recommender", *words).error_line
