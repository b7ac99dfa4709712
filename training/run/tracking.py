"""Track a training run in MLflow: everything needed to understand and repeat it.

Only MLflow's client is used, never its global state, so two runs in one process do not interfere. A run that Ctrl-C or
SIGTERM has ended is KILLED, a failed one FAILED. One whose process is gone is KILLED when the next command opens the
store.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Param, RunTag
from mlflow.entities import Metric as LoggedMetric
from mlflow.utils.mlflow_tags import (
    MLFLOW_DATASET_CONTEXT,
    MLFLOW_GIT_COMMIT,
    MLFLOW_GIT_DIRTY,
    MLFLOW_LOGGED_ARTIFACTS,
    MLFLOW_PARENT_RUN_ID,
    MLFLOW_RUN_NAME,
    MLFLOW_RUN_NOTE,
    MLFLOW_SOURCE_NAME,
    MLFLOW_SOURCE_TYPE,
    MLFLOW_USER,
)
from mlflow.utils.time import get_current_time_millis

from core.interruption import defer_interruption, was_interrupted
from models.mlflow_store.registry import artifact_location, open_store

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_PARAMETER_LENGTH = 6000
"MLflow's limit; longer values are complete in the run's files."
MAX_DIGEST_LENGTH = 36
EXPERIMENT_KIND, MODEL_DEVELOPMENT = "mlflow.experimentKind", "custom_model_development"
"""The tag by which MLflow's UI shows an experiment as a table of runs.

MLflow 3.17 goes by what the browser remembers instead, which kizuna/mlflow_app.py sets; other versions read the tag.
"""
PROCESS = "process"
"The tag with host name and id of the process that a run belongs to."
CHANGES = " + changes"
"Follows the commit where files differ from it."


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
    def describe(self, *, name: str, note: str) -> None:
        """Name the run, and show a note in Markdown at the top of its page."""
        self.client.log_batch(self.run_id, tags=[RunTag(MLFLOW_RUN_NAME, name), RunTag(MLFLOW_RUN_NOTE, note)])

    @defer_interruption()
    def log_data(self, name: str, *, digest: str, source: Mapping[str, str], columns: Iterable[str], rows: int) -> None:
        """Log the data that the model was fitted on; `source` says where each table lives."""
        schema = [{"name": column, "type": "double"} for column in columns]
        dataset = Dataset(
            name=name,
            digest=digest[:MAX_DIGEST_LENGTH] or "unknown",
            source_type="local",
            source=_to_json({"uri": ", ".join(source.values()), "tables": dict(source)}),
            schema=_to_json({"mlflow_colspec": schema}) if schema else None,
            profile=_to_json({"num_rows": rows}),
        )
        context = InputTag(MLFLOW_DATASET_CONTEXT, "training")
        self.client.log_inputs(self.run_id, [DatasetInput(dataset, [context])])

    @defer_interruption()
    def log_table(self, table: Mapping[str, Sequence[Any]], path: str) -> None:
        """Log columns of equal length as a JSON file that MLflow's UI shows as a table; NaN becomes null.

        MLflow's own `log_table` goes through pandas and warns on the screen.
        """
        rows = list(zip(*table.values(), strict=True))
        self.log_json({"columns": list(table), "data": rows}, path)
        self.client.set_tag(self.run_id, MLFLOW_LOGGED_ARTIFACTS, json.dumps([{"path": path, "type": "table"}]))

    @defer_interruption()
    def log_values(self, values: Mapping[str, float], tags: Mapping[str, str] | None = None) -> None:
        """Log numbers, by which runs are compared, and tags in one request. MLflow allows no '@' in a name."""
        now = get_current_time_millis()
        logged = [LoggedMetric(name.replace("@", "_at_"), float(value), now, 0) for name, value in values.items()]
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
        self,
        experiment: str,
        name: str,
        *,
        continued: str | None = None,
        parent: str | None = None,
        tags: Mapping[str, str] | None = None,
        about: str = "",
    ) -> Iterator[TrackedRun]:
        """Start a run of an experiment, or continue the one that `mlflow run` started; its end is always recorded.

        `parent` is the id of the run that this one is a part of; `tags` are those of a run that starts here; `about`
        describes a new experiment.
        """
        run_id = continued
        try:
            with defer_interruption():  # a Ctrl-C is raised here, once the run has its id and can be ended
                tags_of_run = {PROCESS: f"{socket.gethostname()} {os.getpid()}", **_tag_parent(parent), **(tags or {})}
                run_id = run_id or self._start(self._experiment_id(experiment, about), name, tags=tags_of_run)
            yield TrackedRun(run_id, self._client)
        except BaseException as fault:
            interrupted = isinstance(fault, KeyboardInterrupt) or was_interrupted()
            if run_id is not None:
                self._end(run_id, "KILLED" if interrupted else "FAILED")
            raise
        self._end(run_id, "FINISHED")

    def _start(self, experiment_id: str, name: str, *, tags: Mapping[str, str]) -> str:
        return self._client.create_run(experiment_id, tags=dict(tags), run_name=name).info.run_id

    @defer_interruption()
    def _end(self, run_id: str, status: str) -> None:
        self._client.set_terminated(run_id, status)

    def _experiment_id(self, name: str, about: str) -> str:
        experiment = self._client.get_experiment_by_name(name)
        if experiment is None:
            location = artifact_location(self.tracking_uri)
            tags = {EXPERIMENT_KIND: MODEL_DEVELOPMENT, **({MLFLOW_RUN_NOTE: about} if about else {})}
            return self._client.create_experiment(name, artifact_location=location, tags=tags)
        if EXPERIMENT_KIND not in experiment.tags:
            self._client.set_experiment_tag(experiment.experiment_id, EXPERIMENT_KIND, MODEL_DEVELOPMENT)
        self.end_abandoned([experiment.experiment_id])
        return experiment.experiment_id

    def end_abandoned(self, experiment_ids: Sequence[str]) -> None:
        """Record as KILLED the running runs of experiments whose process, on this machine, is gone.

        A power cut, `kill -9` and a full disk leave no chance to record an end: MLflow would show them as running.
        """
        if not experiment_ids:
            return
        for run in self._client.search_runs(list(experiment_ids), "attributes.status = 'RUNNING'"):
            host, _, number = run.data.tags.get(PROCESS, "").rpartition(" ")
            if host == socket.gethostname() and number.isdecimal() and not _is_alive(int(number)):
                self._end(run.info.run_id, "KILLED")


def describe_source(command: str, *, user: str) -> dict[str, str]:
    """The tags from which MLflow's UI shows what started a run, by whom, and from which commit."""
    state = git_state()
    source = {MLFLOW_SOURCE_NAME: command, MLFLOW_SOURCE_TYPE: "LOCAL", MLFLOW_USER: user}
    dirty = str(state.endswith(CHANGES)).lower()
    return source | {MLFLOW_GIT_COMMIT: state.removesuffix(CHANGES), MLFLOW_GIT_DIRTY: dirty}


def git_state(folder: Path | None = None) -> str:
    """The commit of this code, with '+ changes' where files differ from it; 'unknown' outside git."""
    folder = folder or Path(__file__).parent
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return "unknown"
    return f"{commit}{CHANGES}" if _git(folder, "status", "--porcelain") else commit


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        result = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return result.stdout.strip() if result.returncode == 0 else None


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # It is another user's.
        return True
    return True


def _tag_parent(parent: str | None) -> dict[str, str]:
    return {MLFLOW_PARENT_RUN_ID: parent} if parent else {}


def _to_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _to_text(value: Any) -> str:
    text = value if isinstance(value, str) else _to_json(value)
    return text if len(text) <= MAX_PARAMETER_LENGTH else f"{text[: MAX_PARAMETER_LENGTH - 3]}..."
