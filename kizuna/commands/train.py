"""`kizuna train`: churn, hazard, recommender and texts are judged and registered as challengers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from core.errors import BadInput, NotEnoughHistory
from kizuna.options import DEFAULT_CONFIG, ConfigPath
from kizuna.session import open_session, say

if TYPE_CHECKING:
    from training.run.registering import Trained
    from training.texts.training import TrainedTexts

console = Console()

Model = Annotated[str | None, typer.Option("--model", help="Register this model instead of the one that wins.")]
Changes = Annotated[
    list[str] | None, typer.Option("--set", help="key=value: another setting for --model; may be repeated.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    train = typer.Typer(no_args_is_help=True, help="Learn from the tables; the result is registered as @challenger.")
    app.add_typer(train, name="train")

    @train.command(epilog="Example: kizuna train churn --model gradient_boosting --set n_leaves=16")
    def churn(config: ConfigPath = DEFAULT_CONFIG, model: Model = None, changes: Changes = None) -> None:
        """Train the churn models, choose one on validation, test it once and register it.

        Where the TOML has a section [hazard], it is then learnt when customers leave, unless one model was asked for.
        """
        settings = settings_of(model, changes)
        session = open_session(config, console, allow_cross_section=True)
        from features.families.catalogue import absences
        from training.churn.training import train_churn
        from training.cross_section.training import train_cross_section

        for absence in () if session.cross_section else absences(session.tables):
            say(console, str(absence))
        tell((train_cross_section if session.cross_section else train_churn)(session, model, settings))
        if session.config.hazard and not session.cross_section and model is None:
            from training.hazard.training import train_hazard

            try:
                tell(train_hazard(session))
            except NotEnoughHistory as fault:
                say(console, f"no hazard was trained: {fault}")

    @train.command(epilog="Example: kizuna train hazard --model boosted_hazard --set n_leaves=16")
    def hazard(config: ConfigPath = DEFAULT_CONFIG, model: Model = None, changes: Changes = None) -> None:
        """Learn when customers leave: one curve each, for any horizon and by cause; [hazard] of the TOML says how."""
        settings = settings_of(model, changes)
        session = open_session(config, console)
        from training.hazard.training import train_hazard

        tell(train_hazard(session, model, settings))

    @train.command(epilog="Example: kizuna train recommender --model als --set n_factors=128")
    def recommender(config: ConfigPath = DEFAULT_CONFIG, model: Model = None, changes: Changes = None) -> None:
        """Train the recommenders, choose one by NDCG@10 on validation, test it once and register it."""
        settings = settings_of(model, changes)
        session = open_session(config, console)
        from training.recommender.training import train_recommender

        tell(train_recommender(session, model, settings))

    @train.command(epilog="Example: kizuna train texts --labels labels.csv")
    def texts(
        labels: Annotated[
            Path, typer.Option(help="A .csv or .parquet file with the columns text, cause and, if you like, tone.")
        ],
        config: ConfigPath = DEFAULT_CONFIG,
    ) -> None:
        """Learn which cause of leaving, and which tone, tickets and comments have; for kizuna causes."""
        session = open_session(config, console)
        from training.texts.training import train_texts

        tell_texts(train_texts(session, labels))


def settings_of(model: str | None, changes: list[str] | None) -> dict[str, str | int | float | bool | None]:
    """What --set says: numbers, true, false and null as in JSON, anything else as text. Raises BadInput."""
    if changes and model is None:
        raise BadInput("--set changes a setting of one model; name it with --model")
    return dict(_setting(change) for change in changes or ())


def _setting(change: str) -> tuple[str, str | int | float | bool | None]:
    name, equals, value = change.partition("=")
    if not (name and equals):
        raise BadInput(f"--set takes key=value, found '{change}'")
    try:
        read = json.loads(value)
    except json.JSONDecodeError:
        return name, value
    return name, value if isinstance(read, list | dict) else read


def tell(trained: Trained) -> None:
    """The last lines: what was registered, what to do next, and whether anything was learnt."""
    card = trained.challenger.card
    name = f"{card.registered_name} version {card.version} ({card.model})"
    if trained.first_champion:
        first = trained.first_champion.card
        say(console, f"champion, as a baseline: {first.registered_name} version {first.version} ({first.model})")
    say(console, f"challenger: {name}")
    for leak in card.leaks:
        say(console, f"leak alarm: {leak.feature}: {leak.finding}")
    for leak in card.left_out:
        say(console, f"leak alarm: left out: {leak.feature}: {leak.finding}")
    if card.learnt and not card.leaks:
        say(console, f"next: kizuna promote {card.kind} --version {card.version}")
    say(console, card.verdict)


def tell_texts(trained: TrainedTexts) -> None:
    """The last lines: what was learnt from, how well it tells texts that were held out, and what to do next."""
    card = trained.card
    counted = ", ".join(f"{cause} {count:,}" for cause, count in card.n_texts.items())
    say(console, f"learnt from {sum(card.n_texts.values()):,} texts ({counted}), {card.n_japanese:,} of them Japanese")
    say(console, f"of texts held out, told right: {card.accuracy}; macro F1: {card.macro_f1}")
    say(
        console,
        f"from {card.threshold:g} on it answers {card.answered:.0%} of them, and is right for {card.answered_accuracy}",
    )
    scored = ", ".join(f"{source} {count:,}" for source, count in card.n_tones.items())
    tone = f"tone learnt from {scored}; correlation with the scores {card.tone_correlation}" if scored else ""
    say(console, tone or "no text has a score beside it, so no tone is told")
    registered = trained.challenger.card
    say(console, f"challenger: {registered.registered_name} version {registered.version}")
    if registered.learnt:
        say(console, f"next: kizuna promote texts --version {registered.version}")
    say(console, registered.verdict)
