"""`kizuna history`: shows which release and model versions were live at a time, from the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console

from core.config.data_set import Config
from core.ledger import LedgerEntry, LedgerState
from kizuna.options import DEFAULT_CONFIG, ConfigPath, FormatOption, OutputFormat, open_config, parse_moment
from kizuna.session import open_registry
from kizuna.terminal import print_json, print_table, progress_console, say

At = Annotated[
    datetime | None,
    typer.Option(
        parser=parse_moment, metavar="TIME", help="A day or a time; without an offset, in the data set's time zone."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna history --at 2026-09-14T10:00+09:00")
    def history(
        config: ConfigPath = DEFAULT_CONFIG, at: At = None, output_format: FormatOption = OutputFormat.TEXT
    ) -> None:
        """Show which release and model versions were live, now or at a given time."""
        settings = open_config(config, allow_cross_section=True)
        _, ledger = open_registry(settings, progress_console())
        moment = _local(at or datetime.now(UTC), settings)
        state = ledger.at(moment)
        if output_format is OutputFormat.JSON:
            print_json(describe_state(state, moment, config=settings))
        else:
            print_state(state, moment, config=settings)


def print_state(state: LedgerState, moment: datetime, *, config: Config) -> None:
    """Print a table with a row for each release by host and each version by alias."""
    console = Console()
    say(console, f"{config.name} at {_format(moment, config)}")
    rows = [*_rows(state, config)]
    if not rows:
        say(console, "nothing was live yet")
        return
    print_table(console, [("live", "", "since", "by", "on", "entry"), *rows], numeric=False)
    for entry in _entries(state):
        say(console, f"  {entry.sequence}: {entry.why}")


def describe_state(state: LedgerState, moment: datetime, *, config: Config) -> dict[str, Any]:
    """The state as JSON, with the whole entries of the ledger."""
    return {
        "data_set": config.name,
        "at": _local(moment, config),
        "releases": dict(sorted(state.releases.items())),
        "aliases": [
            {"kind": kind, "alias": alias, "version": entry.details["version"], "entry": entry}
            for (kind, alias), entry in sorted(state.aliases.items())
        ],
    }


def _rows(state: LedgerState, config: Config) -> Iterator[tuple[str, ...]]:
    for host, entry in sorted(state.releases.items()):
        yield (f"release on {host}", _describe_release(entry), *_describe(entry, config))
    for (kind, alias), entry in sorted(state.aliases.items()):
        version = entry.details["version"]
        yield (f"{kind} @{alias}", f"version {version}" if version else "removed", *_describe(entry, config))


def _entries(state: LedgerState) -> list[LedgerEntry]:
    """What put each live thing in place, oldest first."""
    return sorted([*state.releases.values(), *state.aliases.values()], key=lambda entry: entry.sequence)


def _describe_release(entry: LedgerEntry) -> str:
    """A release with the day before which its data end and the versions of its models."""
    details = entry.details
    cutoff = [f"cutoff {details['cutoff']}"] if "cutoff" in details else []
    models = [f"{kind} {model['version']}" for kind, model in details.get("models", {}).items()]
    return "\n".join([str(details["release"]), *cutoff, *models])


def _describe(entry: LedgerEntry, config: Config) -> tuple[str, ...]:
    local = entry.at.astimezone(config.zone).replace(tzinfo=None)  # the first line names the offset
    return local.isoformat(" ", timespec="minutes"), entry.who, entry.host, str(entry.sequence)


def _format(moment: datetime, config: Config) -> str:
    return moment.astimezone(config.zone).isoformat(" ", timespec="seconds")


def _local(moment: datetime, config: Config) -> datetime:
    """The moment in the data set's time zone, which one without an offset is read in."""
    return moment.astimezone(config.zone) if moment.tzinfo else moment.replace(tzinfo=config.zone)
