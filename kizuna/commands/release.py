"""`kizuna release`: champions and today's tables become what the service answers from."""

from __future__ import annotations

import getpass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from core.errors import BadInput
from kizuna.options import DEFAULT_CONFIG, ConfigPath, open_config
from kizuna.session import open_registry, say

if TYPE_CHECKING:
    from serving.release.release import ReleaseDescription

console = Console()


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(epilog="Example: kizuna release --config configs/online_retail.toml")
    def release(
        config: ConfigPath = DEFAULT_CONFIG,
        cutoff: Annotated[
            str | None, typer.Option(help="The local day at which the past ends; else the newest complete one.")
        ] = None,
        without: Annotated[list[str] | None, typer.Option(help="Leave a model out: churn or recommender.")] = None,
        why: Annotated[str, typer.Option(help="Kept in the ledger.")] = "newer data or models",
        keep: Annotated[int, typer.Option(min=1, help="How many releases are kept.")] = 5,
    ) -> None:
        """Write a release from the champions and put it in force; a running service picks it up by itself."""
        from serving.build.release import Champions, build_release
        from serving.release.releases import Pointer, Releases
        from tables.default_cutoff import newest_cutoff
        from tables.sources.opening import open_tables

        read, day = open_config(config), _day(cutoff)
        registry, _ = open_registry(read, console)
        with console.status("reading the tables and the champions"):
            tables = open_tables(read)
            champions = Champions.of(registry, without or ())
        now = datetime.now(UTC)
        with console.status("scoring everybody"):
            built = build_release(read, tables, champions, day or newest_cutoff(tables), now)
        pointer = Pointer(built.description.release_id, getpass.getuser(), why, now)
        with console.status("writing the release"):
            folder = Releases(read.places.releases).add(built, pointer, keep)
        _tell(folder, built.description)


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as fault:
        raise BadInput(f"--cutoff is a day such as 2026-04-01, found '{text}'") from fault


def _tell(folder: Path, described: ReleaseDescription) -> None:
    say(console, f"released {described.release_id}, as known before {described.cutoff}, in {folder}")
    for kind, model in described.models.items():
        say(console, f"  {kind}: {model.name} version {model.version} ({model.model})")
    if described.similar_items:
        say(console, f"  similar items: {described.similar_items.model}, because the champion knows none")
    for kind, reason in described.missing.items():
        say(console, f"  without {kind}: {reason}")
