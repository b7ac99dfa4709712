"""Prints lines, tables and progress bars at a terminal; no bars where the output goes to a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

Step = TypeVar("Step")


def say(console: Console, text: str) -> None:
    """Print a line as it is: no wrapping, no colours, no markup."""
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def print_table(console: Console, rows: Iterable[tuple[str, ...]], *, title: str | None = None) -> None:
    """Print rows of cells, the first row as the heading; numbers are aligned to the right."""
    heading, *body = rows
    table = Table(title=title, title_justify="left", box=None, padding=(0, 2, 0, 0))
    for place, word in enumerate(heading):
        # Names are never wrapped; other cells wrap before they are cut off.
        table.add_column(word, justify="right" if place else "left", no_wrap=not place, overflow="fold")
    for row in body:
        table.add_row(*row)
    console.print(table)


class ProgressBars:
    """Progress of a training or a nightly run, one line per task."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def over(self, steps: Sequence[Step], label: str) -> Iterable[Step]:
        """Yield the steps one by one and advance a bar."""
        columns = (SpinnerColumn(), TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeElapsedColumn(), console=self._console) as progress:
            yield from progress.track(steps, description=label)

    def during(self, label: str) -> AbstractContextManager[object]:
        """Show a spinner while the block runs."""
        return self._console.status(label)
