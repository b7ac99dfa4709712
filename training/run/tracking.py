"""Track a training run in MLflow: everything needed to understand and repeat it.

Only MLflow's client is used, never its global state, so two runs in one process do not interfere. An interrupted run
ends as KILLED, a failed one as FAILED.
"""

from __future__ import annotations

import math
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from mlflow import MlflowClient
from mlflow.entities import Metric as LoggedMetric
from mlflow.entities import Param, RunTag
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID
from mlflow.utils.time import get_current_time_millis

from core.interruption import defer_interruption, was_interrupted
from core.model_card import Metric
from models.mlflow_store.registry import artifact_location, open_store

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_PARAMETER_LENGTH = 6000
"MLflow's limit; longer values are complete in the run's files."


@dataclass(frozen=True)
class TrackedRun:
    """A run in progress."""

    run_id: str
    client: MlflowClient

    @defer_interruption()
    def log_parameters(self, parameters: Mapping[str, Any]) -> None:
        """Log parameters, by which MLflow's table compares runs; values other than text and numbers become JSON."""
        logged = [Param(name, _to_text(value)) for name, value in parameters.items()]
        self.client.log_batch(self.run_id, params=logged)

    @defer_interruption()
    def log_tags(self, tags: Mapping[str, str]) -> None:
        """Log facts about the run that are not parameters."""
        for name, value in tags.items():
            self.client.set_tag(self.run_id, name, value)

    @defer_interruption()
    def log_metrics(self, metrics: Iterable[Metric], *, registered: str) -> None:
        """Log each metric as name, name.low and name.high; the keys of models other than the registered one name it."""
        now = get_current_time_millis()
        logged = [
            LoggedMetric(metric_key(metric, registered) + end, value, now, 0)
            for metric in metrics
            for end, value in (
                ("", metric.estimate.value),
                (".low", metric.estimate.low),
                (".high", metric.estimate.high),
            )
            if not math.isnan(value)
        ]
        for start in range(0, len(logged), 1000):
            self.client.log_batch(self.run_id, metrics=logged[start : start + 1000])

    @defer_interruption()
    def log_values(self, values: Mapping[str, float], tags: Mapping[str, str] | None = None) -> None:
        """Log numbers and tags in one request."""
        now = get_current_time_millis()
        logged = [LoggedMetric(name, float(value), now, 0) for name, value in values.items()]
        self.client.log_batch(self.run_id, logged, tags=[RunTag(name, text) for name, text in (tags or {}).items()])

    @defer_interruption()
    def log_text(self, text: str, path: str) -> None:
        """Log a text file."""
        self.client.log_text(self.run_id, text, path)

    def log_json(self, content: Any, path: str) -> None:
        """Log a JSON file."""
        self.log_text(msgspec.json.format(msgspec.json.encode(content)).decode(), path)

    def log_plots(self, plots: Mapping[str, Figure]) -> None:
        """Log each figure as plots/<name>.png."""
        for name, figure in plots.items():
            self.client.log_figure(self.run_id, figure, f"plots/{name}.png")


class Tracking:
    """The runs in MLflow's store."""

    def __init__(self, tracking_uri: str) -> None:
        self.tracking_uri = tracking_uri
        self._client = open_store(tracking_uri)

    @contextmanager
    def run(
        self, experiment: str, name: str, *, continued: str | None = None, parent: str | None = None
    ) -> Iterator[TrackedRun]:
        """Start a run of an experiment, or continue the one that `mlflow run` started; its end is always recorded.

        `parent` is the id of the run that this one is a part of.
        """
        run_id = continued
        try:
            with defer_interruption():  # a Ctrl-C is raised here, once the run has its id and can be ended
                run_id = run_id or self._start(experiment, name, parent=parent)
            yield TrackedRun(run_id, self._client)
        except BaseException as fault:
            interrupted = isinstance(fault, KeyboardInterrupt) or was_interrupted()
            if run_id is not None:
                self._end(run_id, "KILLED" if interrupted else "FAILED")
            raise
        self._end(run_id, "FINISHED")

    def _start(self, experiment: str, name: str, *, parent: str | None) -> str:
        tags = {MLFLOW_PARENT_RUN_ID: parent} if parent else None
        return self._client.create_run(self._experiment_id(experiment), tags=tags, run_name=name).info.run_id

    @defer_interruption()
    def _end(self, run_id: str, status: str) -> None:
        self._client.set_terminated(run_id, status)

    def _experiment_id(self, name: str) -> str:
        experiment = self._client.get_experiment_by_name(name)
        if experiment is not None:
            return experiment.experiment_id
        return self._client.create_experiment(name, artifact_location=artifact_location(self.tracking_uri))


def metric_key(metric: Metric, registered: str) -> str:
    """The key of a metric in MLflow, which does not allow '@': ndcg@10 is ndcg_at_10."""
    model = "" if metric.model == registered else f"{metric.model}."
    split = "" if metric.split == "test" else f"{metric.split}."
    return f"{split}{model}{metric.name.replace('@', '_at_')}"


def git_state(folder: Path | None = None) -> str:
    """The commit of this code, with '+ changes' where files differ from it; 'unknown' outside git."""
    folder = folder or Path(__file__).parent
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return "unknown"
    return f"{commit} + changes" if _git(folder, "status", "--porcelain") else commit


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        result = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return result.stdout.strip() if result.returncode == 0 else None


def _to_text(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= MAX_PARAMETER_LENGTH else f"{text[: MAX_PARAMETER_LENGTH - 3]}..."
