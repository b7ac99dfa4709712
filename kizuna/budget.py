"""A time budget for a search, with a progress bar that counts down."""

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

DURATION = re.compile(r"(\d+(?:\.\d+)?)([smh])")
SECONDS_PER_UNIT = {"s": 1, "m": 60, "h": 3600}


def parse_duration(text: str) -> float:
    """Read 90s, 20m or 2h as seconds. Raises BadInput."""
    match = DURATION.fullmatch(text.strip())
    seconds = float(match[1]) * SECONDS_PER_UNIT[match[2]] if match else 0.0
    if not seconds:
        raise BadInput(f"--budget takes a duration above 0, such as 90s, 20m or 2h; found '{text}'")
    return seconds


class TimeBudget:
    """A number of seconds, counted from the moment the block is entered; shows a bar meanwhile."""

    def __init__(self, seconds: float, console: Console) -> None:
        self._seconds = seconds
        self._started = time.monotonic()
        columns = (SpinnerColumn(), _Bar(self), _Countdown(self), TextColumn("{task.fields[status]}", markup=False))
        self._progress = Progress(*columns, console=console)
        self._task = self._progress.add_task("", status="default settings first")

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def share_spent(self) -> float:
        """0 at the start, 1 or more once the budget is spent."""
        return (time.monotonic() - self._started) / self._seconds

    @property
    def remaining(self) -> str:
        """The remaining time, as 12:34 or 1:02:03."""
        minutes, seconds = divmod(max(0, round(self._seconds * (1 - self.share_spent()))), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"

    def show(self, n_trials: int, best: str) -> None:
        """Show the number of trials and the best one."""
        self._progress.update(self._task, status=f"{n_trials} trials, best: {best}")


class _Bar(ProgressColumn):
    """Fills with time, even while a long trial runs."""

    def __init__(self, budget: TimeBudget) -> None:
        super().__init__()
        self._budget = budget

    def render(self, task: Task) -> ProgressBar:
        """The share of the budget that is spent."""
        del task
        return ProgressBar(total=1, completed=min(1, self._budget.share_spent()), width=30)


class _Countdown(ProgressColumn):
    """Shows the remaining time."""

    def __init__(self, budget: TimeBudget) -> None:
        super().__init__()
        self._budget = budget

    def render(self, task: Task) -> Text:
        """The remaining time as text."""
        del task
        return Text(f"{self._budget.remaining} left")
