"""`kizuna check`: whether the data is fit for training, and which rows were excluded and why."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.table import Table

from core.errors import NotEnoughHistory
from kizuna.options import DEFAULT_CONFIG, ConfigPath, open_config
from kizuna.terminal import say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check", epilog="Example: kizuna check --config configs/online_retail.toml")(check)


def check(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Check the data: rows read, rows excluded and why, and whether the history is long enough."""
    from features.check import report
    from features.check.checks import check_tables
    from tables.cross_section import open_cross_section
    from tables.sources.opening import open_tables

    console, settings = Console(), open_config(config, allow_cross_section=True)
    if settings.cross_section is not None:
        with console.status("reading every row"):
            cross_section = open_cross_section(settings)
        for note in report.cross_section_notes(cross_section):
            say(console, note)
        return
    with console.status("reading every row"):
        data = check_tables(open_tables(settings))
    console.print(f"[bold]{data.data_set}[/] times are local to {data.time_zone}")
    console.print(f"{data.n_customers:,} customers, {data.n_items:,} items")
    overview = Table(box=None, padding=(0, 2, 0, 0))
    for heading in report.HEADINGS:
        overview.add_column(heading, no_wrap=True, justify="left" if heading == "table" else "right")
    for table in data.tables:
        overview.add_row(*report.table_cells(table))
    console.print(overview)
    for table in data.tables:
        console.print(f"[bold]{table.load_report.table}[/]")
        for note in report.table_notes(data, table):
            say(console, f"  {note}")
    for note in report.missing_notes(data):
        say(console, note)
    history = data.history
    console.print(f"[bold]churn: {history.definition}[/] {report.history_verdict(history)}")
    for note in history.notes:
        say(console, f"  {note}")
    if history.problems:
        raise NotEnoughHistory(f"{data.data_set}, {history.definition}: {'; '.join(history.problems)}")
