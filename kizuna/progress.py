"""Progress bars for people at a terminal; plain nothing where the output goes into a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

Step = TypeVar("Step")


class Bars:
    """One line a piece of work: a spinner, what is done, and how far."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def over(self, steps: Sequence[Step], what: str) -> Iterable[Step]:
        """The steps, one by one, with a bar."""
        columns = (SpinnerColumn(), TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeElapsedColumn(), console=self._console) as progress:
            yield from progress.track(steps, description=what)

    def during(self, what: str) -> AbstractContextManager[object]:
        """A spinner while one step lasts."""
        return self._console.status(what)
