"""A span of time that somebody gives, and a bar that shows what is left of it."""

from __future__ import annotations

import re
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.progress_bar import ProgressBar
from rich.text import Text

from core.errors import BadInput

SPAN = re.compile(r"(\d+(?:\.\d+)?)([smh])")
SECONDS = {"s": 1, "m": 60, "h": 3600}


def seconds_of(span: str) -> float:
    """How long 90s, 20m or 2h is. Raises BadInput for anything else."""
    found = SPAN.fullmatch(span.strip())
    seconds = float(found[1]) * SECONDS[found[2]] if found else 0.0
    if not seconds:
        raise BadInput(f"--budget takes a time above 0 in seconds, minutes or hours: 90s, 20m, 2h; found '{span}'")
    return seconds


class TimeBudget:
    """So many seconds from the moment it is entered; its bar stands on the console meanwhile."""

    def __init__(self, seconds: float, console: Console) -> None:
        self._seconds = seconds
        self._began = time.monotonic()
        columns = (SpinnerColumn(), _Bar(self), _Left(self), TextColumn("{task.fields[told]}", markup=False))
        self._progress = Progress(*columns, console=console)
        self._task = self._progress.add_task("", told="the defaults come first")

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def share_spent(self) -> float:
        """0 at the start, 1 and more from the end on."""
        return (time.monotonic() - self._began) / self._seconds

    @property
    def left(self) -> str:
        """What is left of it, as 12:34 or 1:02:03."""
        minutes, seconds = divmod(max(0, round(self._seconds * (1 - self.share_spent()))), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"

    def tell(self, n_trials: int, best: str) -> None:
        """Show how many trials there are and the best of them."""
        self._progress.update(self._task, told=f"{n_trials} trials, best so far: {best}")


class _Bar(ProgressColumn):
    """Fills with time, during a long trial too."""

    def __init__(self, budget: TimeBudget) -> None:
        super().__init__()
        self._budget = budget

    def render(self, task: Task) -> ProgressBar:
        """What is spent."""
        del task
        return ProgressBar(total=1, completed=min(1, self._budget.share_spent()), width=30)


class _Left(ProgressColumn):
    """Counts down."""

    def __init__(self, budget: TimeBudget) -> None:
        super().__init__()
        self._budget = budget

    def render(self, task: Task) -> Text:
        """What is left."""
        del task
        return Text(f"{self._budget.left} left")
