"""`kizuna tune recommender`: searches recommender settings for a data set within a time budget."""

from __future__ import annotations

import re
import time
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer
from rich.console import Console
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from core.errors import BadInput
from core.files import name_place
from kizuna.command_group import LightGroup
from kizuna.memory import keep_freed_memory
from kizuna.options import DEFAULT_CONFIG, ConfigPath, FormatOption, OutputFormat
from kizuna.session import open_session
from kizuna.terminal import print_json, progress_console, say

if TYPE_CHECKING:
    from training.recommender.tuned import TunedRecommenders
    from training.recommender.tuning import Tuning

DURATION = re.compile(r"(\d+(?:\.\d+)?)([smh])")
SECONDS_PER_UNIT = {"s": 1, "m": 60, "h": 3600}
console = Console()


def register(app: typer.Typer) -> None:
    """Add the command."""
    tune = typer.Typer(
        cls=LightGroup, no_args_is_help=True, help="Search settings for this data set; training uses the best."
    )
    app.add_typer(tune, name="tune")
    tune.callback()(lambda: None)

    @tune.command(
        short_help="Try settings until the budget is spent.",
        epilog="Example: kizuna tune recommender --budget 20m --models item_knn,als",
    )
    def recommender(
        budget: Annotated[str, typer.Option(help="How long to search: 90s, 20m or 2h.")],
        config: ConfigPath = DEFAULT_CONFIG,
        models: Annotated[
            str | None, typer.Option(help="Comma-separated models to tune. Default: all that training tries.")
        ] = None,
        output_format: FormatOption = OutputFormat.TEXT,
    ) -> None:
        """Try settings on the validation cutoffs until the budget is spent. Run it again to continue."""
        seconds = parse_duration(budget)
        names = [name.strip() for name in models.split(",")] if models is not None else []
        keep_freed_memory()
        session = open_session(config, progress_console())
        from training.recommender.tuning import begin_tuning

        with name_place(session.config.places.tuning):
            tuning = begin_tuning(session, names)
            tuned = run_search(tuning, seconds)
        if output_format is OutputFormat.JSON:
            print_json(describe_tuned(tuning, tuned))
        else:
            print_tuned(tuning, tuned)


def run_search(tuning: Tuning, seconds: float) -> TunedRecommenders:
    """Search until the budget is spent; after Ctrl-C the trials so far are kept."""
    progress = progress_console()
    n_before = tuning.n_trials
    what = "these data, cutoffs and models"
    say(progress, f"continuing after {n_before} trials on {what}" if n_before else f"first search on {what}")
    try:
        with TimeBudget(seconds, progress) as budget:
            return tuning.run(budget)
    except KeyboardInterrupt:
        say(progress, f"{tuning.n_trials} trials are kept; run the same command to continue")
        raise


def describe_tuned(tuning: Tuning, tuned: TunedRecommenders) -> dict[str, Any]:
    """The best settings of each model and how they were found, as JSON."""
    return {
        "path": str(tuned.path),
        "models": dict(tuned.models),
        "n_trials": {name: search.n_trials for name, search in tuning.searches.items()},
        "failures": {name: search.failure for name, search in tuning.searches.items() if search.failure},
    }


def print_tuned(tuning: Tuning, tuned: TunedRecommenders) -> None:
    """Print one row per model, the file and the next step."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("model", "trials", "best NDCG@10", "defaults", "difference", "later"):
        table.add_column(heading, no_wrap=True, justify="left" if heading == "model" else "right")
    for name, search in tuning.searches.items():
        best = tuned.models.get(name)
        scores = (best.ndcg_at_10, best.default_ndcg_at_10) if best else ()
        difference = [best.difference.as_difference] if best else []
        difference += [best.later_difference.as_difference] if best and best.later_cutoff else []
        table.add_row(name, str(search.n_trials), *(f"{score.value:.4f}" for score in scores), *difference)
    console.print(table)
    for name, search in tuning.searches.items():
        if name not in tuned.models:
            say(console, f"{name}: {search.failure or 'not tried within the budget; use a longer --budget'}")
    say(console, "difference: best minus defaults on the same customers, with its 90% interval")
    say(
        console,
        f"later: the same from {tuning.later.cutoff} on, after the cutoffs of the search: what the settings gain once "
        "they are chosen",
    )
    say(console, f"written: {tuned.path}; next: kizuna train recommender")


def parse_duration(text: str) -> float:
    """Read 90s, 20m or 2h as seconds. Raises BadInput."""
    match = DURATION.fullmatch(text.strip())
    seconds = float(match[1]) * SECONDS_PER_UNIT[match[2]] if match else 0.0
    if not seconds:
        raise BadInput(f"--budget takes a duration above 0, such as 90s, 20m or 2h; found '{text}'")
    return seconds


class TimeBudget:
    """A number of seconds, counted from the moment the block is entered; shows a bar on a terminal meanwhile."""

    def __init__(self, seconds: float, console: Console) -> None:
        self._seconds = seconds
        self._started = time.monotonic()
        columns = (SpinnerColumn(), _Bar(self), _Countdown(self), TextColumn("{task.fields[status]}", markup=False))
        self._progress = Progress(*columns, console=console, disable=not console.is_terminal)
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
