"""Opens what training and promotion work with: data set, tables, MLflow store, ledger."""

from __future__ import annotations

import getpass
import os
import warnings
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from core import environment
from core.config.data_set import Config, require_dated_tables
from core.errors import BadInput
from core.files import name_place
from core.ledger import Ledger
from kizuna.options import open_config_and_statement, tracking_uri
from kizuna.terminal import ProgressBars, say, show_step

if TYPE_CHECKING:
    from models.mlflow_store.registry import Registry
    from serving.release.release import Release
    from serving.release.remote import RemoteReleases
    from training.run.session import Session

MLFLOW_DEFAULTS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
}
"""Set unless the environment overrides them: no telemetry, and a dead store fails in seconds.

Errors are not logged, because each of them is raised, too.
"""


def open_session(path: Path, console: Console, *, allow_cross_section: bool = False) -> Session:
    """Open the data set, its store and its ledger.

    Raises ConfigError for a cross-section data set, unless the command allows one.
    """
    config, statement = open_config_and_statement(path)
    if not allow_cross_section:
        require_dated_tables(config)
    run_id = mlflow_run_id(config)
    registry, ledger = open_registry(config, console)

    from kizuna.today import open_todays_tables
    from tables.cross_section import open_cross_section
    from training.run.session import Session
    from training.run.tracking import Tracking

    with show_step("opening the tables"):
        cross_section = open_cross_section(config) if config.cross_section else None
        tables = cross_section.tables if cross_section else open_todays_tables(config)
    return Session(
        config=config,
        statement=statement,
        tables=tables,
        tracking=Tracking(registry.tracking_uri),
        registry=registry,
        ledger=ledger,
        who=getpass.getuser(),
        now=datetime.now(UTC),
        continued_run=run_id,
        progress=ProgressBars(console),
        cross_section=cross_section,
    )


def open_registry(config: Config, console: Console) -> tuple[Registry, Ledger]:
    """Open the registry and the ledger; alias moves made outside of Kizuna are recorded and printed.

    Runs whose process is gone end as KILLED.
    """
    for name, value in MLFLOW_DEFAULTS.items():
        os.environ.setdefault(name, value)
    uri = tracking_uri(config)
    # MLflow imports tqdm, which warns in a notebook without ipywidgets, of bars that are never shown.
    warnings.filterwarnings("ignore", message="IProgress not found")
    with show_step("opening the MLflow store"), name_store(uri):
        from models.mlflow_store.registry import Registry
        from training.run.pipeline import record_found_moves
        from training.run.tracking import Tracking

        registry = Registry(uri, config.name)
        ledger = Ledger(config.places.ledger)
        moves = record_found_moves(registry, ledger)
        Tracking(registry.tracking_uri).end_abandoned(list(registry.experiments().values()))
    for move in moves:
        details = move.details
        change = f"now points to version {details['version']}" if details["version"] else "was deleted"
        say(
            console,
            f"note: @{details['alias']} of {details['kind']} {change}, outside of Kizuna; recorded in the ledger",
        )
    return registry, ledger


def name_store(tracking_uri: str) -> AbstractContextManager[None]:
    """Faults of the disk that name no file are those of MLflow's database."""
    return name_place(_database(tracking_uri))


def open_scores(config: Config, console: Console) -> Release:
    """The active release; where it has no churn scores, or before the first one, today's scores of the champion.

    Raises NotFound without a release and without a champion.
    """
    from serving.release.releases import Releases

    releases = Releases(config.places.releases)
    if releases.active_path.exists():
        release = releases.open_active()
        if release.churn is not None:
            return release
    registry, ledger = open_registry(config, console)
    with show_step("scoring every customer"):
        from kizuna.today import open_todays_tables
        from serving.build.unpublished import build_unpublished_scores

        forced = ledger.latest().champions_by_force
        return build_unpublished_scores(
            registry, open_todays_tables(config), forced=forced, created_at=datetime.now(UTC)
        )


def open_remote_releases() -> RemoteReleases | None:
    """The releases that several hosts read, where the environment names any. Raises ConfigError for no address."""
    from serving.release.remote import RemoteReleases

    return RemoteReleases.at(os.environ.get(environment.RELEASE_STORE))


def mlflow_run_id(config: Config) -> str | None:
    """The id of the run that `mlflow run` started; None without one.

    Without MLFLOW_TRACKING_URI, `mlflow run` starts its run in a new ./mlflow.db, where the model would be lost:
    raises BadInput then.
    """
    run_id = os.environ.get(environment.MLFLOW_RUN_ID)
    if run_id is None:
        return None
    actual, expected = tracking_uri(config), config.places.tracking_uri
    if actual.startswith("sqlite:") and _database(actual) != _database(expected):
        raise BadInput(
            f"mlflow run started its run in {actual}; set {environment.MLFLOW_TRACKING_URI}={expected} and run it again"
        )
    return run_id


def _database(uri: str) -> Path:
    return Path(uri.removeprefix("sqlite:///")).resolve()
