"""A run keeps what was logged, and its status says how it ended."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from core.interruption import watch_for_interruption
from core.intervals import Estimate
from core.model_card import Metric
from models.mlflow_store.registry import open_store
from training.run.tracking import Tracking, git_state, metric_key


@pytest.fixture(scope="module")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Tracking:
    return Tracking(f"sqlite:///{tmp_path_factory.mktemp('store') / 'mlflow.db'}")


def status_of(tracking: Tracking, run_id: str) -> str:
    return open_store(tracking.tracking_uri).get_run(run_id).info.status


def test_metrics_are_logged_with_their_intervals(tracking: Tracking):
    metrics = [
        Metric(model="logistic", name="auc", estimate=Estimate(0.8, 0.7, 0.9)),
        Metric(model="recency", name="auc", estimate=Estimate(0.6, 0.5, 0.7)),
        Metric(model="logistic", name="log_loss", estimate=Estimate(0.3, 0.2, 0.4), split="validation"),
    ]

    with tracking.run("shop", "logistic") as run:
        run.log_metrics(metrics, registered="logistic")

    logged = open_store(tracking.tracking_uri).get_run(run.run_id).data.metrics
    assert (logged["auc"], logged["auc.low"], logged["auc.high"]) == (0.8, 0.7, 0.9)
    assert (logged["recency.auc"], logged["validation.log_loss"]) == (0.6, 0.3)


def test_mlflow_allows_the_key_of_every_metric():
    assert metric_key(Metric(model="als", name="ndcg@10", estimate=Estimate(0, 0, 0)), "als") == "ndcg_at_10"


@pytest.mark.parametrize(("fault", "status"), [(KeyboardInterrupt, "KILLED"), (ValueError, "FAILED")])
def test_a_run_that_is_interrupted_or_fails_says_so(tracking: Tracking, fault: type[BaseException], status: str):
    with pytest.raises(fault), tracking.run("shop", "stopped") as run:
        raise fault

    assert status_of(tracking, run.run_id) == status


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
def ctrl_c_is_watched():
    before = signal.getsignal(signal.SIGINT)
    watch_for_interruption()
    yield
    watch_for_interruption()
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c_is_watched")
def test_ctrl_c_while_a_run_starts_ends_it_as_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    tracking = Tracking(f"sqlite:///{tmp_path / 'mlflow.db'}")
    start = tracking._start

    def start_and_press(experiment: str, name: str, *, parent: str | None) -> str:
        run_id = start(experiment, name, parent=parent)
        signal.raise_signal(signal.SIGINT)
        return run_id

    monkeypatch.setattr(tracking, "_start", start_and_press)

    with pytest.raises(KeyboardInterrupt), tracking.run("shop", "one"):
        pytest.fail("the run must not start")

    client = open_store(tracking.tracking_uri)
    (run,) = client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])
    assert run.info.status == "KILLED"
