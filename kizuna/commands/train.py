"""`kizuna train`: trains and evaluates models and registers the best one as challenger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from core.errors import BadInput, NotEnoughHistory
from kizuna.options import DEFAULT_CONFIG, ConfigPath
from kizuna.session import open_session
from kizuna.terminal import say

if TYPE_CHECKING:
    from training.run.registering import Trained
    from training.texts.training import TrainedTexts

console = Console()

Model = Annotated[str | None, typer.Option("--model", help="Register this model instead of the best one.")]
Changes = Annotated[
    list[str] | None, typer.Option("--set", help="key=value: overrides a setting of --model. Repeatable.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    train = typer.Typer(no_args_is_help=True, help="Train models; the best one is registered as @challenger.")
    app.add_typer(train, name="train")

    @train.command(epilog="Example: kizuna train churn --model gradient_boosting --set n_leaves=16")
    def churn(config: ConfigPath = DEFAULT_CONFIG, model: Model = None, changes: Changes = None) -> None:
        """Train churn models, choose one on validation data, test it once and register it.

        With a [hazard] section in the TOML, hazard models are trained too, unless --model is given.
        """
        settings = parse_settings(model, changes)
        session = open_session(config, console, allow_cross_section=True)
        from features.families.catalogue import missing_tables
        from training.churn.training import train_churn
        from training.cross_section.training import train_cross_section

        for missing in () if session.cross_section else missing_tables(session.tables):
            say(console, str(missing))
        print_trained((train_cross_section if session.cross_section else train_churn)(session, model, settings))
        if session.config.hazard and not session.cross_section and model is None:
            from training.hazard.training import train_hazard

            try:
                print_trained(train_hazard(session))
            except NotEnoughHistory as fault:
                say(console, f"no hazard model trained: {fault}")

    @train.command(epilog="Example: kizuna train hazard --model boosted_hazard --set n_leaves=16")
    def hazard(config: ConfigPath = DEFAULT_CONFIG, model: Model = None, changes: Changes = None) -> None:
        """Train hazard models: when customers churn, by cause and for any horizon. Settings: [hazard] in the TOML."""
        settings = parse_settings(model, changes)
        session = open_session(config, console)
        from training.hazard.training import train_hazard

        print_trained(train_hazard(session, model, settings))

    @train.command(epilog="Example: kizuna train recommender --model als --set n_factors=128")
    def recommender(config: ConfigPath = DEFAULT_CONFIG, model: Model = None, changes: Changes = None) -> None:
        """Train recommenders, choose one by NDCG@10 on validation data, test it once and register it."""
        settings = parse_settings(model, changes)
        session = open_session(config, console)
        from training.recommender.training import train_recommender

        print_trained(train_recommender(session, model, settings))

    @train.command(epilog="Example: kizuna train texts --labels labels.csv")
    def texts(
        labels: Annotated[
            Path, typer.Option(help="A .csv or .parquet file with the columns text, cause and, optionally, tone.")
        ],
        config: ConfigPath = DEFAULT_CONFIG,
    ) -> None:
        """Train a text model that classifies the churn cause and the sentiment of tickets and survey comments."""
        session = open_session(config, console)
        from training.texts.training import train_texts

        print_trained_texts(train_texts(session, labels))


def parse_settings(model: str | None, changes: list[str] | None) -> dict[str, str | int | float | bool | None]:
    """Read --set: numbers, true, false and null as in JSON, anything else as text. Raises BadInput."""
    if changes and model is None:
        raise BadInput("--set changes a setting of one model; name the model with --model")
    return dict(_parse_setting(change) for change in changes or ())


def _parse_setting(change: str) -> tuple[str, str | int | float | bool | None]:
    name, equals, text = change.partition("=")
    if not (name and equals):
        raise BadInput(f"--set takes key=value, found '{change}'")
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return name, text
    return name, text if isinstance(value, list | dict) else value


def print_trained(trained: Trained) -> None:
    """Print what was registered, leaks, the next step and the verdict."""
    card = trained.challenger.card
    if trained.first_champion:
        first = trained.first_champion.card
        say(console, f"champion, as a baseline: {first.registered_name} version {first.version} ({first.model})")
    say(console, f"challenger: {card.registered_name} version {card.version} ({card.model})")
    for leak in card.leaks:
        say(console, f"possible leak: {leak.feature}: {leak.finding}")
    for leak in card.excluded_features:
        say(console, f"leak, excluded from training: {leak.feature}: {leak.finding}")
    if card.beats_baselines and not card.leaks:
        say(console, f"next: kizuna promote {card.kind} --version {card.version}")
    say(console, card.verdict)


def print_trained_texts(trained: TrainedTexts) -> None:
    """Print the training data, accuracy on held-out texts, the next step and the verdict."""
    card = trained.card
    by_cause = ", ".join(f"{cause} {count:,}" for cause, count in card.n_texts.items())
    say(console, f"trained on {sum(card.n_texts.values()):,} texts ({by_cause}), {card.n_japanese:,} in Japanese")
    say(console, f"on held-out texts: accuracy {card.accuracy}, macro F1 {card.macro_f1}")
    say(
        console,
        f"with a threshold of {card.threshold:g} it answers for {card.answered:.0%} of them, "
        f"with accuracy {card.answered_accuracy}",
    )
    by_source = ", ".join(f"{source} {count:,}" for source, count in card.n_tones.items())
    if by_source:
        say(console, f"sentiment trained on {by_source}; correlation with the scores {card.tone_correlation}")
    else:
        say(console, "no sentiment: no text has a satisfaction score to learn from")
    registered = trained.challenger.card
    say(console, f"challenger: {registered.registered_name} version {registered.version}")
    if registered.beats_baselines:
        say(console, f"next: kizuna promote texts --version {registered.version}")
    say(console, registered.verdict)
