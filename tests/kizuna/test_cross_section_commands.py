"""Commands on a cross-section data set: train, list, promote; never release."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kizuna.main import run
from tests.cross_section_worlds import write_club

pytestmark = pytest.mark.slow

QUICK = ("--model", "logistic", "--set", "n_resamples=0", "--set", "regularization=10", "--set", "n_knots=0")


@pytest.fixture(scope="module")
def club_with_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """TOML of a club with one registered model."""
    toml = write_club(tmp_path_factory.mktemp("club"), n=300)
    assert run(["train", "churn", *QUICK, "--config", str(toml)]) == 0
    return toml


def test_the_table_shows_metrics_of_held_out_customers(club_with_models, capfd):
    assert run(["models", "--config", str(club_with_models)]) == 0

    output = capfd.readouterr().out
    of_logistic = next(line for line in output.splitlines() if "@challenger" in line).split()
    log_loss, auc, _ = map(float, of_logistic[-3:])
    assert log_loss < 0.6
    assert 0.7 < auc < 0.95
    assert "test cutoff" not in output
    assert "kizuna train" not in output


def test_promotion_suggests_a_next_step_that_works_for_a_cross_section(club_with_models, capfd):
    assert run(["promote", "churn", "--config", str(club_with_models)]) == 0

    output = capfd.readouterr().out
    assert 'mlflow.pyfunc.load_model("models:/kizuna.club.churn@champion")' in output
    assert "next: kizuna release" not in output


@pytest.mark.parametrize("format_", ["text", "json"])
def test_training_that_promotes_names_what_comes_after_promotion(tmp_path, format_, capfd):
    toml = write_club(tmp_path, n=300)
    assert run(["train", "churn", *QUICK, "--promote", "--format", format_, "--config", str(toml)]) == 0

    output = capfd.readouterr().out
    step = json.loads(output)[0]["next"] if format_ == "json" else output.partition("next: ")[2]
    assert step.startswith('mlflow.pyfunc.load_model("models:/kizuna.club.churn@champion")')
    assert "kizuna promote churn" not in output


@pytest.mark.parametrize(
    "command", ["release", "score --out s.csv", "recommend --out r.csv", "serve", "health", "segments", "causes"]
)
def test_commands_that_need_dates_name_those_that_do_not(club_with_models, command, capfd):
    assert run([*command.split(), "--config", str(club_with_models)]) == 2

    refusal = capfd.readouterr().err
    assert "`train churn`, `models` and `promote churn`" in refusal
    assert refusal.count("\n") == 1
