"""A run keeps what was logged, and its status says how it ended."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from core.interruption import watch_for_interruption
from models.mlflow_store.registry import open_store
from training.run.tracking import Tracking, describe_source, git_state


@pytest.fixture(scope="module")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Tracking:
    return Tracking(f"sqlite:///{tmp_path_factory.mktemp('store') / 'mlflow.db'}")


def status_of(tracking: Tracking, run_id: str) -> str:
    return open_store(tracking.tracking_uri).get_run(run_id).info.status


def test_mlflow_allows_the_name_of_every_metric(tracking: Tracking):
    with tracking.run("shop", "als") as run:
        run.log_values({"ndcg@10": 0.2, "ndcg@10.gain_over.popularity": 0.1})

    logged = open_store(tracking.tracking_uri).get_run(run.run_id).data.metrics
    assert logged == {"ndcg_at_10": 0.2, "ndcg_at_10.gain_over.popularity": 0.1}


def test_an_experiment_opens_as_a_table_of_runs_also_one_of_an_earlier_kizuna(tracking: Tracking):
    client = open_store(tracking.tracking_uri)
    client.create_experiment("older")
    for name in ("newer", "older"):
        with tracking.run(name, "one"):
            pass

        experiment = client.get_experiment_by_name(name)
        assert experiment is not None
        assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"


def test_a_new_experiment_says_what_its_models_predict(tracking: Tracking):
    with tracking.run("described", "one", about="The items that each customer buys next."):
        pass

    experiment = open_store(tracking.tracking_uri).get_experiment_by_name("described")
    assert experiment is not None
    assert experiment.tags["mlflow.note.content"] == "The items that each customer buys next."


def test_an_experiment_keeps_the_view_that_somebody_chose(tracking: Tracking):
    client = open_store(tracking.tracking_uri)
    chosen = client.create_experiment("chosen", tags={"mlflow.experimentKind": "genai_development"})
    with tracking.run("chosen", "one"):
        pass

    assert client.get_experiment(chosen).tags["mlflow.experimentKind"] == "genai_development"


def test_a_run_shows_its_command_user_and_commit(tracking: Tracking):
    with tracking.run("shop", "one", tags=describe_source("kizuna train churn", user="ada")) as run:
        pass

    tags = open_store(tracking.tracking_uri).get_run(run.run_id).data.tags
    assert (tags["mlflow.source.name"], tags["mlflow.user"]) == ("kizuna train churn", "ada")
    assert git_state().startswith(tags["mlflow.source.git.commit"])
    assert len(tags["mlflow.source.git.commit"]) == 40


def test_a_run_shows_the_data_it_was_fitted_on(tracking: Tracking):
    with tracking.run("shop", "one") as run:
        source = {"purchases": "data/purchases.csv", "items": "data/items.csv"}
        run.log_data("shop", digest="9" * 64, source=source, columns=["frequency", "recency"], rows=120)

    inputs = open_store(tracking.tracking_uri).get_run(run.run_id).inputs
    assert inputs is not None
    (used,) = inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest, used.tags[0].value) == ("shop", "9" * 36, "training")
    assert json.loads(used.dataset.profile or "") == {"num_rows": 120}
    assert [column["name"] for column in json.loads(used.dataset.schema or "")["mlflow_colspec"]] == [
        "frequency",
        "recency",
    ]
    assert json.loads(used.dataset.source)["tables"] == source


def test_a_table_is_a_file_that_mlflow_shows_as_a_table(tracking: Tracking):
    with tracking.run("shop", "one") as run:
        run.log_table({"metric": ["auc", "brier"], "value": [0.8, float("nan")]}, "metrics.json")

    stored = open_store(tracking.tracking_uri).get_run(run.run_id)
    table = json.loads(Path(stored.info.artifact_uri or "", "metrics.json").read_text())
    assert table == {"columns": ["metric", "value"], "data": [["auc", 0.8], ["brier", None]]}
    # MLflow searches for this very text.
    assert stored.data.tags["mlflow.loggedArtifacts"] == '[{"path": "metrics.json", "type": "table"}]'


@pytest.mark.parametrize(("fault", "status"), [(KeyboardInterrupt, "KILLED"), (ValueError, "FAILED")])
def test_a_run_that_is_interrupted_or_fails_says_so(tracking: Tracking, fault: type[BaseException], status: str):
    with pytest.raises(fault), tracking.run("shop", "stopped") as run:
        raise fault

    assert status_of(tracking, run.run_id) == status


def test_the_next_run_ends_those_whose_process_is_gone_and_no_others(tracking: Tracking):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    host = socket.gethostname()
    with tracking.run("shop", "first"):
        pass
    tags = {
        "killed": f"{host} {gone.pid}", "running": f"{host} {os.getpid()}", "elsewhere": f"x{host} {gone.pid}",
        "untold": "",
    }  # fmt: skip
    runs = {
        name: tracking._start(tracking._experiment_id("shop", ""), name, tags={"process": process} if process else {})
        for name, process in tags.items()
    }

    tracking.end_abandoned([])  # a store without experiments
    with tracking.run("shop", "next"):
        statuses = {name: status_of(tracking, run_id) for name, run_id in runs.items()}

    assert statuses == {"killed": "KILLED", "running": "RUNNING", "elsewhere": "RUNNING", "untold": "RUNNING"}


def test_a_run_is_tagged_with_its_process(tracking: Tracking):
    with tracking.run("shop", "one") as run:
        tags = open_store(tracking.tracking_uri).get_run(run.run_id).data.tags

    assert tags["process"] == f"{socket.gethostname()} {os.getpid()}"


def test_a_run_that_mlflow_started_is_continued(tracking: Tracking):
    with tracking.run("shop", "started") as started:
        pass

    with tracking.run("shop", "again", continued=started.run_id) as run:
        run.log_parameters({"seed": 7, "cutoffs": ["2025-01-01"]})

    assert run.run_id == started.run_id
    assert status_of(tracking, run.run_id) == "FINISHED"


def test_files_of_a_run_are_stored_next_to_the_database(tracking: Tracking):
    with tracking.run("shop", "files") as run:
        run.log_json({"name": "shop"}, "config.json")
        run.log_plots({"empty": Figure()})

    artifacts = Path(open_store(tracking.tracking_uri).get_run(run.run_id).info.artifact_uri or "")
    assert artifacts.is_relative_to(Path(tracking.tracking_uri.removeprefix("sqlite:///")).parent)
    assert {path.name for path in artifacts.rglob("*.*")} == {"config.json", "empty.png"}


def test_code_outside_of_git_has_an_unknown_commit(tmp_path: Path):
    assert git_state(tmp_path) == "unknown"


def test_code_in_git_has_its_commit():
    assert len(git_state().split(" ")[0]) == 40


@pytest.fixture
def signals_are_watched():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    watch_for_interruption()
    yield
    watch_for_interruption()
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("signals_are_watched")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_a_signal_ends_is_killed(tracking: Tracking, number: signal.Signals):
    with pytest.raises(KeyboardInterrupt), tracking.run("shop", "stopped") as run:
        signal.raise_signal(number)

    assert status_of(tracking, run.run_id) == "KILLED"


@pytest.mark.usefixtures("signals_are_watched")
def test_ctrl_c_while_a_run_starts_ends_it_as_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    tracking = Tracking(f"sqlite:///{tmp_path / 'mlflow.db'}")
    start = tracking._start

    def start_and_press(experiment: str, name: str, *, tags: dict[str, str]) -> str:
        run_id = start(experiment, name, tags=tags)
        signal.raise_signal(signal.SIGINT)
        return run_id

    monkeypatch.setattr(tracking, "_start", start_and_press)

    with pytest.raises(KeyboardInterrupt), tracking.run("shop", "one"):
        pytest.fail("the run must not start")

    client = open_store(tracking.tracking_uri)
    (run,) = client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])
    assert run.info.status == "KILLED"
