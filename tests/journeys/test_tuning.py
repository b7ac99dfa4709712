"""Tuning by its command: Ctrl-C keeps what was tried, the same command goes on, and training takes what was found."""

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
from tests.journeys.conftest import DataSet, opened
from tests.journeys.test_traces import PATIENCE_SECONDS, environment

pytestmark = pytest.mark.slow

QUICK = ("tune", "recommender", "--models", "popularity,personal_frequency")


@pytest.fixture(scope="module")
def shop(new_shop: Callable[..., DataSet]) -> DataSet:
    """A shop that is quickly tuned on."""
    return new_shop(ShopWorld(n_customers=100))


def finished_trials(shop: DataSet) -> int:
    """How many trials the studies hold; none while they are being made."""
    store = shop.var / "shop" / "tuning" / "trials.db"
    with suppress(sqlite3.OperationalError), closing(opened(store)) as connection:
        return connection.execute("select count(*) from trials where state = 'COMPLETE'").fetchone()[0]
    return 0


def test_ctrl_c_keeps_the_finished_trials_and_the_same_command_goes_on(shop: DataSet):
    command = [sys.executable, "-m", "kizuna", *QUICK, "--budget", "1h", "--config", str(shop.toml)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=shop.home, env=environment(), **pipes) as tuning:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while finished_trials(shop) < 3:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        tuning.send_signal(signal.SIGINT)
        out, error = tuning.communicate(timeout=PATIENCE_SECONDS)

    assert (tuning.returncode, error) == (130, "kizuna: interrupted\n")
    assert "trials are kept; the same command goes on after them" in out
    assert set(shop.runs()) <= {"FINISHED", "KILLED"}
    assert shop.runs()[0] == "KILLED"

    kept = finished_trials(shop)
    again = shop.kizuna(*QUICK, "--budget", "1s")

    assert again.exit_code == 0, again.error
    assert "going on after" in again.out
    assert finished_trials(shop) >= kept
    assert again.last_line == "written: var/shop/tuned_recommenders.json; next: kizuna train recommender"


def test_training_takes_what_was_found(shop: DataSet):
    assert shop.kizuna(*QUICK, "--budget", "1s").exit_code == 0
    found = msgspec.json.decode((shop.var / "shop" / "tuned_recommenders.json").read_bytes())

    said = shop.kizuna("train", "recommender", "--model", "personal_frequency")

    card = shop.registry.find("recommender", "challenger").card
    assert said.exit_code == 0, said.error
    assert found["personal_frequency"]["settings"].items() <= card.settings.items()


def test_a_broken_file_of_tuned_settings_is_one_line(shop: DataSet):
    path = shop.var / "shop" / "tuned_recommenders.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{")

    refusal = shop.kizuna("train", "recommender").refusal

    assert "tune again with `kizuna tune recommender`, or remove the file" in refusal
    assert shop.kizuna(*QUICK, "--budget", "1s").exit_code == 0, "tuning mends it"


@pytest.mark.parametrize(
    ("words", "told"),
    [(("--budget", "20 minutes"), "90s, 20m, 2h"), (("--budget", "1s", "--models", "als2"), "did you mean 'als'")],
)
def test_a_budget_or_a_model_that_cannot_be_meant_is_one_line(shop: DataSet, words: tuple[str, ...], told: str):
    assert told in shop.kizuna("tune", "recommender", *words).refusal
