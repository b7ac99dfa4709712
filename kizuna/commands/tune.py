"""`kizuna tune recommender`: search the settings that fit this data set, for as long as one likes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from kizuna.budget import TimeBudget, seconds_of
from kizuna.options import DEFAULT_CONFIG, ConfigPath
from kizuna.session import open_session, say

if TYPE_CHECKING:
    from training.recommender.tuned import TunedRecommenders
    from training.recommender.tuning import Tuning

console = Console()


def register(app: typer.Typer) -> None:
    """Add the command."""
    tune = typer.Typer(no_args_is_help=True, help="Search the settings that fit this data set; training uses them.")
    app.add_typer(tune, name="tune")
    tune.callback()(lambda: None)

    @tune.command(epilog="Example: kizuna tune recommender --budget 20m --models item_knn,als")
    def recommender(
        budget: Annotated[str, typer.Option(help="How long: 90s, 20m or 2h.")],
        config: ConfigPath = DEFAULT_CONFIG,
        models: Annotated[
            str | None, typer.Option(help="Only these, as a,b; all that training tries if unsaid.")
        ] = None,
    ) -> None:
        """Try settings at the validation cutoffs until the budget is spent; the same command goes on another day."""
        seconds = seconds_of(budget)
        wanted = [name.strip() for name in models.split(",")] if models is not None else []
        session = open_session(config, console)
        from training.recommender.tuning import begin_tuning

        tuning = begin_tuning(session, wanted)
        tell(tuning, searched(tuning, seconds))


def searched(tuning: Tuning, seconds: float) -> TunedRecommenders:
    """What the budget found; Ctrl-C, too, says what is kept."""
    before = tuning.n_trials
    what = "these data, cutoffs and models"
    say(console, f"going on after {before} trials on {what}" if before else f"the first tuning on {what}")
    try:
        with TimeBudget(seconds, console) as budget:
            return tuning.run(budget)
    except KeyboardInterrupt:
        say(console, f"{tuning.n_trials} trials are kept; the same command goes on after them")
        raise


def tell(tuning: Tuning, found: TunedRecommenders) -> None:
    """A row a model, the file, and what to do next."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("model", "trials", "best NDCG@10", "defaults", "difference"):
        table.add_column(heading, no_wrap=True, justify="left" if heading == "model" else "right")
    for name, search in tuning.searches.items():
        tuned = found.models.get(name)
        figures = (tuned.ndcg_at_10, tuned.default_ndcg_at_10) if tuned else ()
        difference = [tuned.difference.signed] if tuned else []
        table.add_row(name, str(search.n_trials), *(f"{figure.value:.4f}" for figure in figures), *difference)
    console.print(table)
    for name, search in tuning.searches.items():
        if name not in found.models:
            say(console, f"{name}: {search.failure or 'the budget was spent before its turn; give more'}")
    say(console, "difference: of the best and the defaults on the same customers, with its 90 % interval")
    say(console, f"written: {found.path}; next: kizuna train recommender")
