"""Options that several commands share, and what they open: the configuration and the MLflow store."""

from __future__ import annotations

import os
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from core import environment
from core.config.data_set import Config, require_dated_tables, require_predicted_tables
from core.config.loading import read_config, read_config_and_toml
from core.errors import BadInput, ConfigError, RuleError, SourceUnavailable
from core.files import require_table_file
from core.i18n.translation import Language, languages
from tables.table_names import contract_of, require_attribute_tables


def parse_day(text: str) -> date:
    """Read a local day. Raises BadInput."""
    try:
        return date.fromisoformat(text)
    except ValueError as fault:
        raise BadInput(f"--cutoff takes a day such as 2026-04-01, found '{text}'") from fault


def parse_moment(text: str) -> datetime:
    """Read a day or a time, with or without an offset. Raises BadInput."""
    try:
        return datetime.fromisoformat(text)
    except ValueError as fault:
        raise BadInput(
            f"--at takes a day or a time such as 2026-09-14 or 2026-09-14T10:00+09:00, found '{text}'"
        ) from fault


def check_table_file(path: Path | None) -> Path | None:
    """The path of an output table. Raises BadInput, before the work, where it cannot be written."""
    if path is not None:
        require_table_file(path)
    return path


class OutputFormat(StrEnum):
    """What a command prints."""

    TEXT = "text"
    JSON = "json"


ConfigPath = Annotated[
    Path,
    typer.Option("--config", envvar=environment.CONFIG, help="TOML file of the data set.", show_default=True),
]
DEFAULT_CONFIG = Path("kizuna.toml")

BEFORE_DAY = "Use only data before this local day (YYYY-MM-DD)."
CUTOFF_HELP = f"{BEFORE_DAY} Default: the first day that is not completely recorded."
CutoffAfterToday = Annotated[
    date | None,
    typer.Option("--cutoff", parser=parse_day, metavar="DAY", help=f"{BEFORE_DAY} Default: tomorrow, so today counts."),
]
Cutoff = Annotated[date | None, typer.Option("--cutoff", parser=parse_day, metavar="DAY", help=CUTOFF_HELP)]
Cutoffs = Annotated[
    list[date] | None, typer.Option("--cutoff", parser=parse_day, metavar="DAY", help=f"{CUTOFF_HELP} Repeatable.")
]
LanguageOption = Annotated[
    Language,
    typer.Option(
        "--lang",
        parser=Language,
        metavar="|".join(languages()),
        help="Language of the output.",
        autocompletion=lambda: list(languages()),
    ),
]
FormatOption = Annotated[
    OutputFormat, typer.Option("--format", help="Lines and tables for people, or one JSON document for programs.")
]
TableOut = Annotated[
    Path, typer.Option("--out", callback=check_table_file, help="Output file: .csv (UTF-8) or .parquet.")
]
Excel = Annotated[
    bool, typer.Option("--excel", help="Start the CSV with a byte order mark, so that Excel reads UTF-8.")
]


def open_config(path: Path, *, allow_cross_section: bool = False) -> Config:
    """Read the configuration and fill its placeholders from the environment.

    Raises ConfigError for a cross-section data set, unless the command allows one.
    """
    config = read_config(path, os.environ)
    _check_names(config, path)
    if not allow_cross_section:
        require_dated_tables(config)
    return config


def open_config_and_statement(path: Path) -> tuple[Config, dict[str, Any]]:
    """Read the configuration; also return the TOML as written, without secrets, for the MLflow run."""
    config, statement = read_config_and_toml(path, os.environ)
    _check_names(config, path)
    return config, statement


def tracking_uri(config: Config) -> str:
    """MLFLOW_TRACKING_URI, or the data set's own store under `var/`."""
    return os.environ.get(environment.MLFLOW_TRACKING_URI) or config.places.tracking_uri


def refuse_taken_port(host: str, port: int) -> None:
    """Raise SourceUnavailable where a server cannot listen on this port, because another one does or it is reserved."""
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as attempt:
        # As servers do: connections of an earlier server that are still closing do not matter.
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((host, port))
        except OSError as fault:
            raise SourceUnavailable(
                f"cannot listen on {host}, port {port}: another process does, or the system reserves it; choose "
                "another --port"
            ) from fault


def _check_names(config: Config, path: Path) -> None:
    """Raise RuleError or ConfigError for tables, rules and ranks that this data set cannot have."""
    try:
        _check_tables_and_rules(config)
    except (ConfigError, RuleError) as fault:
        raise type(fault)(f"{path}: {fault}") from fault


def _check_tables_and_rules(config: Config) -> None:
    """Tables come first: what rules can use depends on them. Features are imported only where there are rules."""
    for table in config.tables:
        contract_of(table)
    require_attribute_tables(config)
    require_predicted_tables(config)
    if config.segments or config.customer_tiers or config.predict or config.campaigns or config.loyalty.ranks:
        from features.segments.rule_variables import check_rule_names

        check_rule_names(config)
