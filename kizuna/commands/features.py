"""`kizuna features`: writes the feature table of one or more cutoffs to a file."""

from __future__ import annotations

import typer
from rich.console import Console

from kizuna.options import (
    DEFAULT_CONFIG,
    ConfigPath,
    Cutoffs,
    FormatOption,
    OutputFormat,
    TableOut,
    open_config,
)
from kizuna.terminal import print_json, progress_console, say, show_step


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("features", epilog="Example: kizuna features --out features.parquet --cutoff 2010-09-01")(features)


def features(
    out: TableOut,
    config: ConfigPath = DEFAULT_CONFIG,
    cutoff: Cutoffs = None,
    output_format: FormatOption = OutputFormat.TEXT,
) -> None:
    """Write the features of every customer in the cohort at each cutoff."""
    from features.cohort import select_cohort
    from features.families.catalogue import missing_tables
    from features.pipeline import compute_features, write_features
    from kizuna.today import describe_silence, open_todays_tables, refuse_future, require_customers

    settings = open_config(config)
    refuse_future(cutoff or (), settings)
    with show_step("computing features"):
        tables = open_todays_tables(settings)
        cutoffs = cutoff or [tables.default_cutoff()]
        cohort = select_cohort(tables, cutoffs)
        require_customers(cohort, cutoffs)
        silence = describe_silence(tables, max(cutoffs))
        table = compute_features(tables, cohort)
        write_features(table, out)
    if silence:
        say(progress_console(), silence)
    missing = [str(table) for table in missing_tables(tables)]
    if output_format is OutputFormat.JSON:
        size = {"rows": len(table), "features": [column.name for column in table.columns]}
        print_json({"path": str(out), "cutoffs": cutoffs, **size, "missing_tables": missing})
        return
    console = Console()
    say(console, f"{out}: {len(table):,} rows, {len(table.columns)} features, cutoffs {', '.join(map(str, cutoffs))}")
    for note in missing:
        say(console, note)
