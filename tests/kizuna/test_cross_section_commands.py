"""What is typed where nothing has a time: trained to the end, listed with its figures, promoted, and never released."""

from __future__ import annotations

from pathlib import Path

import pytest

from kizuna.main import run
from tests.cross_section_worlds import write_club

pytestmark = pytest.mark.slow

QUICK = ("--model", "logistic", "--set", "n_resamples=0", "--set", "regularization=10", "--set", "bends=0")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The TOML of a club whose first model is registered."""
    toml = write_club(tmp_path_factory.mktemp("club"), n=300)
    assert run(["train", "churn", *QUICK, "--config", str(toml)]) == 0
    return toml


def test_the_figures_of_customers_not_learnt_from_stand_in_the_table(trained, capfd):
    assert run(["models", "--config", str(trained)]) == 0

    told = capfd.readouterr().out
    of_logistic = next(line for line in told.splitlines() if "@challenger" in line).split()
    log_loss, auc, _ = map(float, of_logistic[-3:])
    assert log_loss < 0.6
    assert 0.7 < auc < 0.95
    assert "tested at" not in told
    assert "kizuna train" not in told


def test_after_promotion_the_next_step_is_one_that_can_be_taken(trained, capfd):
    assert run(["promote", "churn", "--config", str(trained)]) == 0

    told = capfd.readouterr().out
    assert 'mlflow.pyfunc.load_model("models:/kizuna.club.churn@champion")' in told
    assert "next: kizuna release" not in told


@pytest.mark.parametrize(
    "command", ["release", "score --out s.csv", "recommend --out r.csv", "serve", "health", "segments", "causes"]
)
def test_what_needs_times_is_refused_and_names_the_commands_that_do_without(trained, command, capfd):
    assert run([*command.split(), "--config", str(trained)]) == 2

    refusal = capfd.readouterr().err
    assert "`train churn`, `models` and `promote churn`" in refusal
    assert refusal.count("\n") == 1
