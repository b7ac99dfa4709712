"""`kizuna evaluate`: recommenders by the protocols of papers, and a changed policy by stored decisions."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from core.i18n.translation import ENGLISH
from kizuna.command_group import LightGroup
from kizuna.options import (
    DEFAULT_CONFIG,
    ConfigPath,
    FormatOption,
    LanguageOption,
    OutputFormat,
    open_config,
    parse_day,
)
from kizuna.session import open_session
from kizuna.terminal import print_json, print_table, progress_console, say

if TYPE_CHECKING:
    from training.recommender.protocols import ProtocolResults

console = Console()

PolicyKpi = Annotated[
    str,
    typer.Option(
        help="What a decision is judged by: margin (less the cost of the contact), purchased or stayed. Default: the "
        "first of them that is recorded."
    ),
]
Since = Annotated[
    date | None,
    typer.Option("--since", parser=parse_day, metavar="DAY", help="Use decisions from this day on. Default: all."),
]
COLUMNS = ("recall", "ndcg", "hit_rate", "repeat_recall", "new_recall", "coverage")


def register(app: typer.Typer) -> None:
    """Add the command."""
    evaluate = typer.Typer(
        cls=LightGroup,
        no_args_is_help=True,
        help="Measure recommenders and policies; nothing is changed.",
    )
    app.add_typer(evaluate, name="evaluate")
    evaluate.command("policy", epilog="Example: kizuna evaluate policy --config changed.toml --kpi margin")(policy)

    @evaluate.command(epilog="Example: kizuna evaluate recommender --protocol last_basket_out --models item_knn,ease")
    def recommender(
        protocol: Annotated[
            str, typer.Option(help="last_basket_out, global_time_split or fixed_split.")
        ] = "last_basket_out",
        config: ConfigPath = DEFAULT_CONFIG,
        models: Annotated[str | None, typer.Option(help="Comma-separated. Default: all that training tries.")] = None,
        test: Annotated[
            Path | None, typer.Option(help="For fixed_split: .csv or .parquet with customer_id and item_id.")
        ] = None,
        k: Annotated[int, typer.Option(min=1, max=100, help="Length of the lists.")] = 10,
        output_format: FormatOption = OutputFormat.TEXT,
    ) -> None:
        """Fit recommenders on one split of the purchases, and print what their lists find of the rest."""
        session = open_session(config, progress_console())
        from training.recommender.protocols import evaluate_protocol

        names = tuple(name.strip() for name in models.split(",")) if models else ()
        results = evaluate_protocol(session, protocol, models=names, ks=(k,), test=test)
        if output_format is OutputFormat.JSON:
            print_json(results)
        else:
            print_results(results, k=k)


def policy(
    config: ConfigPath = DEFAULT_CONFIG,
    kpi: PolicyKpi = "",
    since: Since = None,
    lang: LanguageOption = ENGLISH,
    output_format: FormatOption = OutputFormat.TEXT,
) -> None:
    """Say what a changed TOML would have earned with the customers of stored decisions, before it goes live.

    Copy the TOML, change offers, rules, limits or exploration in the copy, and give it as --config. The stored
    decisions need propensities below 1: [decisions] exploration leaves some of them to chance.
    """
    from kizuna.policy_evaluation import evaluate_policy_of, print_policy

    settings = open_config(config)
    report = evaluate_policy_of(settings, kpi=kpi, since=since, progress=progress_console())
    if output_format is OutputFormat.JSON:
        print_json(report)
    else:
        print_policy(report, lang, config=settings)


def print_results(results: ProtocolResults, *, k: int) -> None:
    """Print the protocol, one row per model, and the paired differences."""
    say(
        console,
        f"{results.protocol} (customers: {results.n_customers:,}, items: {results.n_items:,}): {results.description}",
    )
    say(console, results.repeats)
    figures = {(metric.model, metric.name): metric.estimate for metric in results.metrics}
    models = list(dict.fromkeys(metric.model for metric in results.metrics))
    rows = [("model", *(f"{name}@{k}" for name in COLUMNS))]
    for model in models:
        cells = [figures[model, f"{name}@{k}"] for name in COLUMNS]
        rows.append((model, *(str(cell) if cell.has_interval else f"{cell.value:.4f}" for cell in cells)))
    print_table(console, rows)
    say(console, f"paired differences in ndcg@{k}, positive is better, with 90% intervals over customers:")
    for one in results.comparisons:
        say(console, f"{one.model} against {one.against}: {one.difference.as_difference}")
    for name, why in results.skipped.items():
        say(console, f"{name} skipped: {why}")
