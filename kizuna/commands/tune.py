"""`kizuna tune recommender`: searches recommender settings for a data set within a time budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from kizuna.budget import TimeBudget, parse_duration
from kizuna.options import DEFAULT_CONFIG, ConfigPath
from kizuna.session import open_session
from kizuna.terminal import say

if TYPE_CHECKING:
    from training.recommender.tuned import TunedRecommenders
    from training.recommender.tuning import Tuning

console = Console()


def register(app: typer.Typer) -> None:
    """Add the command."""
    tune = typer.Typer(no_args_is_help=True, help="Search settings for this data set; training uses the best.")
    app.add_typer(tune, name="tune")
    tune.callback()(lambda: None)

    @tune.command(epilog="Example: kizuna tune recommender --budget 20m --models item_knn,als")
    def recommender(
        budget: Annotated[str, typer.Option(help="How long to search: 90s, 20m or 2h.")],
        config: ConfigPath = DEFAULT_CONFIG,
        models: Annotated[
            str | None, typer.Option(help="Comma-separated models to tune. Default: all that training tries.")
        ] = None,
    ) -> None:
        """Try settings on the validation cutoffs until the budget is spent. Run it again to continue."""
        seconds = parse_duration(budget)
        names = [name.strip() for name in models.split(",")] if models is not None else []
        session = open_session(config, console)
        from training.recommender.tuning import begin_tuning

        tuning = begin_tuning(session, names)
        print_tuned(tuning, run_search(tuning, seconds))


def run_search(tuning: Tuning, seconds: float) -> TunedRecommenders:
    """Search until the budget is spent; after Ctrl-C the trials so far are kept."""
    n_before = tuning.n_trials
    what = "these data, cutoffs and models"
    say(console, f"continuing after {n_before} trials on {what}" if n_before else f"first search on {what}")
    try:
        with TimeBudget(seconds, console) as budget:
            return tuning.run(budget)
    except KeyboardInterrupt:
        say(console, f"{tuning.n_trials} trials are kept; run the same command to continue")
        raise


def print_tuned(tuning: Tuning, tuned: TunedRecommenders) -> None:
    """Print one row per model, the file and the next step."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("model", "trials", "best NDCG@10", "defaults", "difference"):
        table.add_column(heading, no_wrap=True, justify="left" if heading == "model" else "right")
    for name, search in tuning.searches.items():
        best = tuned.models.get(name)
        scores = (best.ndcg_at_10, best.default_ndcg_at_10) if best else ()
        difference = [best.difference.as_difference] if best else []
        table.add_row(name, str(search.n_trials), *(f"{score.value:.4f}" for score in scores), *difference)
    console.print(table)
    for name, search in tuning.searches.items():
        if name not in tuned.models:
            say(console, f"{name}: {search.failure or 'not tried within the budget; use a longer --budget'}")
    say(console, "difference: best minus defaults on the same customers, with its 90% interval")
    say(console, f"written: {tuned.path}; next: kizuna train recommender")
