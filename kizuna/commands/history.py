"""`kizuna history`: shows which release and model versions were live at a time, from the ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from core.config.data_set import Config
from core.errors import BadInput
from core.ledger import LedgerEntry, LedgerState
from kizuna.options import DEFAULT_CONFIG, ConfigPath, open_config
from kizuna.session import open_registry
from kizuna.terminal import say

console = Console()


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna history --at 2026-09-14T10:00+09:00")
    def history(
        config: ConfigPath = DEFAULT_CONFIG,
        at: Annotated[str | None, typer.Option(help="A time; without an offset, in the data set's time zone.")] = None,
    ) -> None:
        """Show which release and model versions were live, now or at a given time."""
        settings = open_config(config, allow_cross_section=True)
        moment = None if at is None else parse_time(at, settings)
        _, ledger = open_registry(settings, console)
        moment = moment or datetime.now(UTC)
        print_state(ledger.at(moment), moment, config=settings)


def parse_time(text: str, config: Config) -> datetime:
    """Read a time, in the data set's time zone where it has no offset. Raises BadInput."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as fault:
        raise BadInput(f"--at takes a time such as 2026-09-14T10:00+09:00, found '{text}'") from fault
    return moment if moment.tzinfo else moment.replace(tzinfo=config.zone)


def print_state(state: LedgerState, moment: datetime, *, config: Config) -> None:
    """Print the live releases by host and the versions by alias."""
    console.print(f"{config.name} at {moment.astimezone(config.zone).isoformat(timespec='seconds')}", highlight=False)
    if not state.releases and not state.aliases:
        say(console, "  nothing was live yet")
    for host, entry in sorted(state.releases.items()):
        release = entry.details.get("release", "a release")
        say(console, f"  {host} answered from {release}; {_describe(entry, config)}")
        _print_details(entry)
    for (kind, alias), entry in sorted(state.aliases.items()):
        version = entry.details["version"]
        target = f"version {version}" if version else "no version"
        say(console, f"  {kind} @{alias}: {target}; {_describe(entry, config)}")


def _describe(entry: LedgerEntry, config: Config) -> str:
    when = entry.at.astimezone(config.zone).isoformat(timespec="seconds")
    return f"{entry.event} at {when} by {entry.who} on {entry.host} (entry {entry.sequence}): {entry.why}"


def _print_details(entry: LedgerEntry) -> None:
    for name, value in entry.details.items():
        if name != "release":
            say(console, f"      {name}: {value}")
