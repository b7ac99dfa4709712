"""`kizuna train`: trains and evaluates models and registers the best one as challenger."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from core.catalogue import Catalogue
from core.errors import BadInput, GateRefused, NotEnoughHistory
from core.model_kinds import MODEL_KINDS, PREDICT, ModelKind, find_kind
from kizuna.command_group import LightGroup
from kizuna.memory import keep_freed_memory
from kizuna.next_steps import step_after_training, step_of_challenger
from kizuna.options import DEFAULT_CONFIG, ConfigPath, FormatOption, OutputFormat
from kizuna.session import name_store, open_session
from kizuna.terminal import print_json, progress_console, say

if TYPE_CHECKING:
    from training.run.pipeline import TrainingOptions, TrainingResult
    from training.run.session import Session

console = Console()


def list_models(ctx: typer.Context) -> list[str]:
    """The models of the kind whose command is typed, for shell completion: the names of their files."""
    return list(Catalogue[object].of_folder(find_kind(ctx.info_name or "").package, attribute="MODEL"))


Model = Annotated[
    str | None,
    typer.Option("--model", help="Register this model instead of the best one.", autocompletion=list_models),
]
Changes = Annotated[
    list[str] | None, typer.Option("--set", help="key=value: overrides a setting of --model. Repeatable.")
]
Promote = Annotated[
    bool,
    typer.Option("--promote", help="Make the challenger champion if it passes the gate; otherwise the champion stays."),
]
Events = Annotated[
    list[str] | None, typer.Option("--event", help="Train only the model of this event. Repeatable. Default: all.")
]
Labels = Annotated[
    Path, typer.Option(help="A .csv or .parquet file with the columns text, cause and, optionally, sentiment.")
]


def register(app: typer.Typer) -> None:
    """Add one command per kind of model."""
    train = typer.Typer(
        cls=LightGroup, no_args_is_help=True, help="Train models; the best one is registered as @challenger."
    )
    app.add_typer(train, name="train")
    for kind in MODEL_KINDS.values():
        example = f"Example: {kind.train_command} {kind.train_example}"
        train.command(kind.name, help=kind.train_help, short_help=kind.predicts, epilog=example)(_command_for(kind))


def _command_for(kind: ModelKind) -> Callable[..., None]:
    def train_on_tables(
        config: ConfigPath = DEFAULT_CONFIG,
        model: Model = None,
        changes: Changes = None,
        promote: Promote = False,
        output_format: FormatOption = OutputFormat.TEXT,
    ) -> None:
        settings = parse_settings(model, changes)
        keep_freed_memory()
        session = open_session(config, progress_console(), allow_cross_section=kind.works_without_dates)
        from training.run.pipeline import TrainingOptions

        is_text = output_format is OutputFormat.TEXT
        options = TrainingOptions(model=model, settings=settings)
        results = [train_kind(session, kind, options=options, promote=promote, is_text=is_text)]
        if model is None:
            results += train_followers(session, kind, promote=promote, is_text=is_text)
        finish(session, results, promote=promote, is_text=is_text)

    def train_on_events(
        config: ConfigPath = DEFAULT_CONFIG,
        event: Events = None,
        model: Model = None,
        changes: Changes = None,
        promote: Promote = False,
        output_format: FormatOption = OutputFormat.TEXT,
    ) -> None:
        settings = parse_settings(model, changes)
        keep_freed_memory()
        session = open_session(config, progress_console())
        from training.run.pipeline import TrainingOptions

        is_text = output_format is OutputFormat.TEXT
        options = [
            TrainingOptions(model=model, settings=settings, event=name) for name in choose_events(session, event)
        ]
        results: list[TrainingResult] = []
        faults: list[NotEnoughHistory] = []
        for one in options:
            try:
                results.append(train_kind(session, kind, options=one, promote=promote, is_text=is_text))
            except NotEnoughHistory as fault:
                faults.append(fault)
        finish(session, results, promote=promote, is_text=is_text)
        if faults:
            raise NotEnoughHistory("; ".join(map(str, faults)))

    def train_on_labels(
        labels: Labels, config: ConfigPath = DEFAULT_CONFIG, output_format: FormatOption = OutputFormat.TEXT
    ) -> None:
        keep_freed_memory()
        session = open_session(config, progress_console())
        from training.run.pipeline import TrainingOptions

        is_text = output_format is OutputFormat.TEXT
        options = TrainingOptions(labels=labels)
        result = train_kind(session, kind, options=options, promote=False, is_text=is_text)
        finish(session, [result], promote=False, is_text=is_text)

    if kind is PREDICT:
        return train_on_events
    return train_on_labels if kind.learns_from_labels else train_on_tables


def choose_events(session: Session, names: list[str] | None) -> list[str]:
    """The events to train a model for. Raises BadInput where the TOML declares none, or not this one."""
    declared = session.config.predict
    if not declared:
        raise BadInput(
            f"{session.config.name} has no [predict.<name>] section; add one, e.g. [predict.buys_again] with "
            'table = "purchases" and horizon_days = 30'
        )
    for name in names or ():
        if name not in declared:
            raise BadInput(f"no [predict.{name}] in the TOML; there are: {', '.join(declared)}")
    return names or list(declared)


def finish(session: Session, results: list[TrainingResult], *, promote: bool, is_text: bool) -> None:
    """Promote the challengers where asked, and print the results as JSON unless the output `is_text`."""
    promotions = [promote_challenger(session, result, is_text=is_text) for result in results if promote]
    if is_text:
        # One step is enough: what reads the first champion reads the others, too.
        if step := next((promotion["next"] for promotion in promotions if promotion["next"]), None):
            say(console, f"next: {step}")
        return
    documents = [describe_result(result) for result in results]
    for document, promotion in zip(documents, promotions, strict=False):
        document["next"] = promotion.pop("next")
        document["promotion"] = promotion
    print_json(documents)


def train_kind(
    session: Session, kind: ModelKind, *, options: TrainingOptions, promote: bool, is_text: bool
) -> TrainingResult:
    """Train one kind of model; print what was registered where the output `is_text`.

    Promotion is the next step, unless the command will `promote` by itself.
    """
    from training.run.pipeline import find_pipeline

    pipeline = find_pipeline(kind, session)
    for notice in pipeline.notices(session):
        say(console if is_text else progress_console(), notice)
    with name_store(session.registry.tracking_uri):
        result = pipeline.train(session, options)
    if is_text:
        print_result(result, promote=promote)
    return result


def train_followers(session: Session, kind: ModelKind, *, promote: bool, is_text: bool) -> list[TrainingResult]:
    """Train the kinds that are trained after this one, where the data set expects them."""
    from training.run.pipeline import TrainingOptions

    results: list[TrainingResult] = []
    for follower in MODEL_KINDS.values():
        if follower.trained_after == kind.name and follower.is_expected(session.config):
            try:
                options = TrainingOptions()
                results.append(train_kind(session, follower, options=options, promote=promote, is_text=is_text))
            except NotEnoughHistory as fault:
                say(console if is_text else progress_console(), f"no {follower.name} model trained: {fault}")
    return results


def promote_challenger(session: Session, result: TrainingResult, *, is_text: bool) -> dict[str, Any]:
    """Promote a challenger through the gate; where the gate refuses it, say which champion stays."""
    from training.judging.promotion import champion_of, promote

    kind = find_kind(result.challenger.card.kind)
    if is_baseline_again(result):
        why, is_promoted = "the champion is the same baseline, fitted in this training", False
    else:
        try:
            with name_store(session.registry.tracking_uri):
                why, is_promoted = promote(session, kind.name, version=result.challenger.version).why, True
        except GateRefused as refusal:
            why, is_promoted = str(refusal), False
    champion = champion_of(session, kind.name)
    card = champion.card if champion else None
    if is_text:
        of_event = f"[predict.{kind.event}] " if kind.event else ""
        say(console, f"{of_event}{why if is_promoted else f'not promoted: {why}'}")
        if card is not None:
            mark = ", a baseline" if card.is_baseline else ""
            say(console, f"champion: {card.registry_name} version {card.version} ({card.model}{mark})")
    step = step_after_training(card, session.config)
    return {"is_promoted": is_promoted, "why": why, "champion_version": card.version if card else None, "next": step}


def is_baseline_again(result: TrainingResult) -> bool:
    """Whether the training chose the baseline that it made the first champion, so that no gate can tell them apart."""
    first, card = result.first_champion, result.challenger.card
    return first is not None and (first.card.model, first.card.settings) == (card.model, card.settings)


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


def describe_result(result: TrainingResult) -> dict[str, Any]:
    """What was registered, as JSON: the whole card of the challenger, and the version of a first champion."""
    first = result.first_champion
    return {
        "run_id": result.run_id,
        "event": find_kind(result.challenger.card.kind).event or None,
        "challenger": result.challenger.card,
        "first_champion": {"version": first.version, "model": first.card.model} if first else None,
        "notes": result.notes,
        "next": step_of_challenger(result.challenger.card),
    }


def print_result(result: TrainingResult, *, promote: bool) -> None:
    """Print the event, notes, what was registered, leaks, the verdict and how to promote, unless that comes now."""
    card = result.challenger.card
    if event := find_kind(card.kind).event:
        say(console, f"[predict.{event}] {card.label}")
    for note in result.notes:
        say(console, note)
    if result.first_champion:
        first = result.first_champion.card
        say(console, f"champion, as a baseline: {first.registry_name} version {first.version} ({first.model})")
    say(console, f"challenger: {card.registry_name} version {card.version} ({card.model})")
    for leak in card.leaks:
        say(console, f"possible leak: {leak.feature}: {leak.finding}")
    for leak in card.excluded_features:
        say(console, f"possible leak, left out of training: {leak.feature}: {leak.finding} (allow_features keeps it)")
    if not promote and (step := step_of_challenger(card)):
        say(console, f"next: {step}")
    say(console, card.verdict)
