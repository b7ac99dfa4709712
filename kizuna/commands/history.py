"""`kizuna history`: what was live at a moment, for an auditor."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from core.config.data_set import Config
from core.errors import BadInput
from core.ledger import LedgerEntry, LedgerState
from kizuna.options import DEFAULT_CONFIG, ConfigPath, open_config
from kizuna.session import open_registry, say

console = Console()


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna history --at 2026-09-14T10:00+09:00")
    def history(
        config: ConfigPath = DEFAULT_CONFIG,
        at: Annotated[str | None, typer.Option(help="A time; without an offset it is the business's own.")] = None,
    ) -> None:
        """The release that each host answered from and the version under each alias, then or now; every entry named."""
        read = open_config(config, allow_cross_section=True)
        moment = datetime.now(UTC) if at is None else moment_of(at, read)
        _, ledger = open_registry(read, console)
        if at is None:
            moment = datetime.now(UTC)
        tell(ledger.at(moment), moment, read)


def moment_of(text: str, config: Config) -> datetime:
    """A moment as stated, in the business's time zone where it has no offset. Raises BadInput."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError as fault:
        raise BadInput(f"--at is a time such as 2026-09-14T10:00+09:00, found '{text}'") from fault
    return read if read.tzinfo else read.replace(tzinfo=config.zone)


def tell(state: LedgerState, moment: datetime, config: Config) -> None:
    """Print what was live."""
    console.print(f"{config.name} at {moment.astimezone(config.zone).isoformat(timespec='seconds')}", highlight=False)
    if not state.releases and not state.aliases:
        say(console, "  nothing was live yet")
    for host, entry in sorted(state.releases.items()):
        release = entry.details.get("release", "a release")
        say(console, f"  {host} answered from {release}; {_told(entry, config)}")
        _print_details(entry)
    for (kind, alias), entry in sorted(state.aliases.items()):
        version = entry.details["version"]
        pointed = f"version {version}" if version else "no version"
        say(console, f"  {kind} @{alias}: {pointed}; {_told(entry, config)}")


def _told(entry: LedgerEntry, config: Config) -> str:
    when = entry.at.astimezone(config.zone).isoformat(timespec="seconds")
    return f"{entry.event} at {when} by {entry.who} on {entry.host} (entry {entry.sequence}): {entry.why}"


def _print_details(entry: LedgerEntry) -> None:
    for name, value in entry.details.items():
        if name != "release":
            say(console, f"      {name}: {value}")
