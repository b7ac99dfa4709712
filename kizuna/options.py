"""What every command takes: the data set's configuration, and where MLflow keeps its store."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from core.config.data_set import Config, refuse_cross_section
from core.config.loading import read_config, read_config_and_statement

ConfigPath = Annotated[
    Path,
    typer.Option(
        "--config",
        envvar="KIZUNA_CONFIG",
        help="The data set's TOML.",
        show_default=True,
    ),
]
DEFAULT_CONFIG = Path("kizuna.toml")


def open_config(path: Path, allow_cross_section: bool = False) -> Config:
    """The configuration, its placeholders filled from the environment.

    Raises ConfigError for a cross-section data set, unless the command says that it can do without times.
    """
    config = read_config(path, os.environ)
    _check_rules(config)
    if not allow_cross_section:
        refuse_cross_section(config)
    return config


def open_config_and_statement(path: Path) -> tuple[Config, dict[str, Any]]:
    """The configuration, and what it says with secrets left out, fit to log."""
    config, statement = read_config_and_statement(path, os.environ)
    _check_rules(config)
    return config, statement


def _check_rules(config: Config) -> None:
    """Raise RuleError where a rule names a feature that this data set cannot have; features are imported only then."""
    if config.segments or config.customer_tiers:
        from features.segments.rule_variables import refuse_unknown_names

        refuse_unknown_names(config)


def tracking_uri(config: Config) -> str:
    """MLFLOW_TRACKING_URI, or the project's own store under `var/`."""
    return os.environ.get("MLFLOW_TRACKING_URI") or config.places.tracking_uri
