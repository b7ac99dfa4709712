"""Opens what training and promotion work with, from the configuration and the environment."""

from __future__ import annotations

import getpass
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from core.config.data_set import Config, refuse_cross_section
from core.errors import BadInput
from core.ledger import Ledger
from kizuna.options import open_config_and_statement, tracking_uri
from kizuna.progress import Bars

if TYPE_CHECKING:
    from models.mlflow_store.registry import Registry
    from training.run.session import Session

QUIET_MLFLOW = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
}
"Unless the environment says otherwise: nothing is sent to anybody, only faults are printed, and those within seconds."


def open_session(path: Path, console: Console, allow_cross_section: bool = False) -> Session:
    """The data set, its store and its ledger; moves of aliases made elsewhere are recorded and told.

    Raises ConfigError for a cross-section data set, unless the command says that it can do without times.
    """
    config, statement = open_config_and_statement(path)
    if not allow_cross_section:
        refuse_cross_section(config)
    continued = continued_run(config)
    registry, ledger = open_registry(config, console)

    from tables.sources.cross_section import open_cross_section
    from tables.sources.opening import open_tables
    from training.run.session import Session
    from training.run.tracking import Tracking

    with console.status("opening the tables"):
        cross_section = open_cross_section(config) if config.cross_section else None
        tables = cross_section.tables if cross_section else open_tables(config)
    return Session(
        config=config,
        statement=statement,
        tables=tables,
        tracking=Tracking(registry.tracking_uri),
        registry=registry,
        ledger=ledger,
        who=getpass.getuser(),
        now=datetime.now(UTC),
        continued_run=continued,
        progress=Bars(console),
        cross_section=cross_section,
    )


def open_registry(config: Config, console: Console) -> tuple[Registry, Ledger]:
    """The registry and the ledger; moves of aliases made elsewhere are recorded and told."""
    for name, value in QUIET_MLFLOW.items():
        os.environ.setdefault(name, value)
    with console.status("opening MLflow's store"):
        from models.mlflow_store.registry import Registry
        from training.run.aliases import record_found_moves

        registry = Registry(tracking_uri(config), config.name)
        ledger = Ledger(config.places.ledger)
        found = record_found_moves(registry, ledger)
    for move in found:
        details = move.details
        told = f"points to version {details['version']}" if details["version"] else "is gone"
        say(console, f"found: @{details['alias']} of {details['kind']} {told}; it was moved outside of Kizuna")
    return registry, ledger


def say(console: Console, text: str) -> None:
    """Print a line as it is: not wrapped, not coloured, brackets left alone."""
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def continued_run(config: Config) -> str | None:
    """The run that `mlflow run` has begun, if it did.

    Raises BadInput where that run lies in a store that MLflow made up by itself: without MLFLOW_TRACKING_URI it
    begins its runs in an ./mlflow.db of its own, where nobody would look for them.
    """
    run_id = os.environ.get("MLFLOW_RUN_ID")
    if run_id is None:
        return None
    found, wanted = tracking_uri(config), config.places.tracking_uri
    if found.startswith("sqlite:") and _database(found) != _database(wanted):
        raise BadInput(f"mlflow run began its run in {found}; set MLFLOW_TRACKING_URI={wanted} and run it again")
    return run_id


def _database(uri: str) -> Path:
    return Path(uri.removeprefix("sqlite:///")).resolve()
