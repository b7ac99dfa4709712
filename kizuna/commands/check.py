"""`kizuna check`: is my data fit, what was set aside, and why."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from core.errors import NotEnoughHistory
from kizuna.options import DEFAULT_CONFIG, ConfigPath, open_config
from kizuna.terminal import say

if TYPE_CHECKING:
    from features.check.check import DataCheck, TableCheck
    from tables.cross_row_checks import Oddity
    from tables.cross_section import CrossSection

MOST_CHANNELS = 8


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check", epilog="Example: kizuna check --config configs/online_retail.toml")(check_data)


def check_data(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Is my data fit? What was read, what was set aside and why."""
    from features.check.check import check
    from tables.sources.cross_section import open_cross_section
    from tables.sources.opening import open_tables

    console, read = Console(), open_config(config, allow_cross_section=True)
    if read.cross_section is not None:
        with console.status("reading every row"):
            cross_section = open_cross_section(read)
        _print_cross_section(console, cross_section)
        return
    with console.status("reading every row"):
        checked = check(open_tables(read))
    console.print(f"[bold]{checked.data_set}[/] times are local to {checked.time_zone}")
    console.print(f"{checked.customers:,} customers, {checked.items:,} items")
    console.print(_rows_table(checked))
    for table in checked.tables:
        _print_notes(console, table, [oddity for oddity in checked.oddities if oddity.table == table.intake.name])
    if checked.circles:
        console.print(f"identities: {checked.circles:,} aliases point in a circle and stay customers of their own")
    say(console, f"not there: {', '.join(checked.absent) or 'nothing'}")
    for missing in checked.missing_tables:
        say(console, str(missing))
    _print_history(console, checked)


def _print_cross_section(console: Console, cross_section: CrossSection) -> None:
    """A flat data set: its files, who left, and what is known of each customer."""
    churned, features = cross_section.outcomes.churned, cross_section.features
    say(console, f"{cross_section.config.name} is a cross-section: nothing in it has a time")
    say(
        console,
        f"{len(churned):,} customers, {churned.sum():,} left ({churned.mean():.1%}): {cross_section.definition}",
    )
    for name, rows in cross_section.n_rows.items():
        say(console, f"{name}: {rows:,} rows read")
    for column in features.columns:
        words = column.vocabulary
        kind = "number" if words is None else f"{len(words)} words"
        missing = np.isnan(features.column(column.name)).sum()
        say(console, f"  {column.name}: {kind}" + (f", {missing:,} missing" if missing else ""))
    say(
        console,
        f"next: kizuna train churn, evaluated on held-out customers, for {cross_section.config.name} has no dates",
    )


def _rows_table(checked: DataCheck) -> Table:
    printed = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("table", "rows read", "set aside", "first", "last", "watermark"):
        printed.add_column(heading, no_wrap=True, justify="left" if heading == "table" else "right")
    for table in checked.tables:
        intake = table.intake
        counts = (f"{count:,}" for count in (intake.rows, intake.rows - intake.kept))
        first, last = (_day(time.date() if time else None) for time in (intake.first, intake.last))
        printed.add_row(intake.name, *counts, first, last, _day(table.watermark))
    return printed


def _day(day: date | None) -> str:
    return day.isoformat() if day else "-"


def _print_notes(console: Console, table: TableCheck, oddities: list[Oddity]) -> None:
    intake = table.intake
    console.print(f"[bold]{intake.name}[/]")
    odd = [f"odd: {oddity.rows:,} rows, {oddity.cause}{_for_example(oddity.example)}" for oddity in oddities]
    for note in [*_notes(table), *odd]:
        say(console, f"  {note}")


def _for_example(example: str | None) -> str:
    return f", e.g. {example}" if example else ""


def _notes(table: TableCheck) -> list[str]:
    intake = table.intake
    notes = [f"columns found: {', '.join(intake.columns)}", f"columns missing: {', '.join(table.missing) or 'none'}"]
    notes += [
        f"set aside: {rows:,} rows, {cause}{_for_example(intake.examples.get(cause))}"
        for cause, rows in intake.set_aside.items()
    ]
    if table.duplicate_rows:
        notes.append(f"identical lines: {table.duplicate_rows:,} (see duplicate_rows in the TOML)")
    if intake.line_versions:
        notes.append(f"older versions of lines: {intake.line_versions:,}")
    if table.undated:
        notes.append(f"not used, for want of a date: {', '.join(table.undated)} (see valid_from and as_of_today)")
    notes += [f"refused as a feature: {found.column} looks like {found.looks_like}" for found in table.personal]
    return notes + _channel_notes(table)


def _channel_notes(table: TableCheck) -> list[str]:
    told = [recording for recording in table.recordings if recording.channel is not None]
    notes = [
        f"channel {r.channel}: {r.rows:,} rows, {r.first} to {r.last}, watermark {r.watermark}"
        for r in told[:MOST_CHANNELS]
    ]
    return notes + ([f"and {len(told) - MOST_CHANNELS} more channels"] if len(told) > MOST_CHANNELS else [])


def _print_history(console: Console, checked: DataCheck) -> None:
    history = checked.history
    verdict = "the history suffices" if history.sufficient else "the history does not suffice"
    console.print(f"[bold]churn: {history.definition}[/] {verdict}")
    for note in history.notes:
        say(console, f"  {note}")
    if history.problems:
        raise NotEnoughHistory(f"{checked.data_set}, {history.definition}: {'; '.join(history.problems)}")
