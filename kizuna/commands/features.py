"""`kizuna features`: what is known of each customer at one or more cutoffs, as a file."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from kizuna.options import DEFAULT_CONFIG, ConfigPath, open_config
from kizuna.session import say

Out = Annotated[Path, typer.Option("--out", help="The file to write: .parquet or .csv.")]
CutoffDays = Annotated[
    list[datetime] | None,
    typer.Option(
        "--cutoff",
        formats=["%Y-%m-%d"],
        help="Where the past ends; repeatable. Default: where the tables end.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("features", epilog="Example: kizuna features --out features.parquet --cutoff 2010-09-01")(features)


def features(out: Out, config: ConfigPath = DEFAULT_CONFIG, cutoff: CutoffDays = None) -> None:
    """Write the features of everybody who is a customer at the cutoffs."""
    from features.cohort import cohort_at
    from features.export import suffix_of, write_features
    from features.families.catalogue import absences
    from features.pipeline import compute_features
    from tables.default_cutoff import newest_cutoff
    from tables.sources.opening import open_tables

    suffix_of(out)
    console = Console()
    with console.status("computing features"):
        tables = open_tables(open_config(config))
        cutoffs: list[date] = [day.date() for day in cutoff or ()] or [newest_cutoff(tables)]
        table = compute_features(tables, cohort_at(tables, cutoffs))
        write_features(table, out)
    say(console, f"{out}: {len(table):,} rows, {len(table.columns)} features, cutoffs {', '.join(map(str, cutoffs))}")
    for absence in absences(tables):
        say(console, str(absence))
