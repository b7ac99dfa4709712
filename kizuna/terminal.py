"""Prints results to the standard output, as lines and tables or as JSON, and progress to the standard error.

So a program can read the output of every command: `kizuna models --format json | jq`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from threading import Timer
from time import monotonic
from typing import Any, TypeVar

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

Step = TypeVar("Step")
MAX_WIDTH = 10_000
"Of a table outside of a terminal."


def progress_console() -> Console:
    """The console of progress and notes. Where the standard error goes to a file, each bar is one line at its end."""
    return Console(stderr=True)


def print_json(document: Any) -> None:
    """Print one JSON document. NaN, which JSON does not have, becomes null."""
    import msgspec

    sys.stdout.write(msgspec.json.format(msgspec.json.encode(document)).decode() + "\n")


def say(console: Console, text: str) -> None:
    """Print a line as it is: no wrapping, no colours, no markup."""
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def print_table(
    console: Console, rows: Iterable[tuple[str, ...]], *, title: str | None = None, numeric: bool = True
) -> None:
    """Print rows of cells, the first row as the heading; `numeric` cells after the first are aligned to the right.

    Outside of a terminal, which has a width, no line is wrapped: `kizuna history | grep champion`.
    """
    heading, *body = rows
    table = Table(title=title, title_justify="left", box=None, padding=(0, 2, 0, 0))
    for place, word in enumerate(heading):
        # Names are never wrapped; other cells wrap before they are cut off.
        table.add_column(word, justify="right" if place and numeric else "left", no_wrap=not place, overflow="fold")
    for row in body:
        table.add_row(*row)
    if not console.is_terminal:
        width = Measurement.get(console, console.options.update(width=MAX_WIDTH), table).maximum
        console = Console(file=console.file, width=max(console.width, width))
    console.print(table)


SECONDS_BETWEEN_LINES = 10.0
"""Where the standard error is no terminal, a long piece of work prints a line this often, and a short one none, so that
the only line of a quick failure is its error."""


def show_step(label: str, console: Console | None = None) -> AbstractContextManager[object]:
    """Show on the standard error what runs: a spinner on a terminal, and elsewhere one line where it takes long."""
    console = console or progress_console()
    return console.status(label) if console.is_terminal else _line_if_slow(console, label)


@contextmanager
def _line_if_slow(console: Console, label: str) -> Iterator[None]:
    timer = Timer(SECONDS_BETWEEN_LINES, say, (console, label))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class ProgressBars:
    """Progress of a training or a nightly run: bars on a terminal, and elsewhere a line now and then."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def note(self, text: str) -> None:
        """Print one line that stays."""
        say(self._console, text)

    def over(self, steps: Sequence[Step], label: str) -> Iterable[Step]:
        """Yield the steps one by one and advance a bar."""
        if not self._console.is_terminal:
            yield from self._over_in_lines(steps, label)
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(), TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeElapsedColumn(), console=self._console) as progress:
            yield from progress.track(steps, description=label)

    def during(self, label: str) -> AbstractContextManager[object]:
        """Show a spinner while the block runs."""
        return show_step(label, self._console)

    def _over_in_lines(self, steps: Sequence[Step], label: str) -> Iterator[Step]:
        started = last_line = monotonic()
        for n_done, step in enumerate(steps):
            if n_done and monotonic() - last_line >= SECONDS_BETWEEN_LINES:
                last_line = monotonic()
                say(self._console, f"{label}: {n_done} of {len(steps)} after {last_line - started:.0f} s")
            yield step
        if last_line > started:
            say(self._console, f"{label}: done after {monotonic() - started:.0f} s")
