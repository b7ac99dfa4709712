"""Training pipelines: how each kind of model is trained, and how two versions of it are compared.

Each folder `training/<name>/` has a `pipeline.py` with one `PIPELINE`. `find_pipeline` imports only the one that is
needed.

A training registers its model here and moves the aliases @champion and @challenger. Every move of an alias goes into
the ledger, because MLflow keeps no history of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from core.errors import BadInput
from core.ledger import ALIAS_FOUND, ALIAS_MOVED, Ledger, LedgerEntry
from core.model_card import Comparison, ModelCard
from core.model_kinds import ModelKind
from models.mlflow_store.package import ModelPackage
from models.mlflow_store.registry import CHALLENGER, CHAMPION, RegisteredVersion, Registry
from models.protocols import Settings
from training.run.cards import (
    metrics_table,
    render_card_json,
    render_card_markdown,
    render_card_note,
    select_compared_metrics,
)
from training.run.session import Session
from training.run.tracking import TrackedRun, describe_source

CROSS_SECTION = "cross_section"
"The folder of the pipeline for data sets without dates."
UNKNOWN_USER = "unknown"


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """What the user asks of one training."""

    model: str | None = None
    "The model to register instead of the one that validation chooses."
    settings: Settings | None = None
    "Other settings for that model."
    labels: Path | None = None
    "The file of labels, for a kind that needs one."
    event: str = ""
    "The event that is predicted, for a kind of model that predicts events."


@dataclass(frozen=True)
class TrainingResult:
    """The versions that a training registered."""

    challenger: RegisteredVersion
    first_champion: RegisteredVersion | None
    "The baseline that became champion because there was none."
    run_id: str
    notes: tuple[str, ...] = ()
    "What the user should know about the training data and the metrics, one sentence each."


@dataclass(frozen=True)
class Uncompared:
    """A refresh with which too little has been observed to compare it with the champion."""

    reason: str
    "For the ledger, in one clause."


class CompareRecipes(Protocol):
    """Compares the recipes of two versions; a refresh may be compared with the champion as it was fitted."""

    def __call__(
        self, session: Session, *, champion: ModelCard | None, challenger: ModelCard
    ) -> Comparison | Uncompared:
        """Raises the errors of reading and training."""
        ...


def _no_notices(session: Session) -> Iterable[str]:
    del session
    return ()


@dataclass(frozen=True, kw_only=True)
class TrainingPipeline:
    """The training half of a kind of model; `core.model_kinds` has the facts, `serving/build/` the serving half."""

    kind: ModelKind
    train: Callable[[Session, TrainingOptions], TrainingResult]
    "Fit, evaluate and register a challenger."
    compare: CompareRecipes
    "The challenger's recipe against the champion's, or against a baseline where there is no champion."
    notices: Callable[[Session], Iterable[str]] = _no_notices
    "What the user should know before training starts, one sentence each."


def find_pipeline(kind: ModelKind, session: Session) -> TrainingPipeline:
    """The pipeline of this kind on the session's data set. Raises BadInput where the kind needs dates."""
    folder = kind.family if session.cross_section is None else CROSS_SECTION
    pipeline: TrainingPipeline = import_module(f"training.{folder}.pipeline").PIPELINE
    if pipeline.kind.name != kind.family:
        raise BadInput(f"{session.config.name} has no dates, which a {kind.name} model needs; describe it by [tables]")
    return pipeline


def track_training(
    session: Session, kind: ModelKind, *, continued: str | None = None
) -> AbstractContextManager[TrackedRun]:
    """Start the run of a training, or continue the one that `mlflow run` started.

    It is named by the day; once a model is chosen, `log_card` names it by the model and the day.
    """
    return session.tracking.run(
        session.registry.name(kind.name),
        f"training {session.today}",
        continued=continued,
        tags=describe_source(kind.train_command, user=session.who),
        about=kind.predicts,
    )


def register(
    session: Session,
    run: TrackedRun,
    *,
    challenger: ModelPackage,
    first_champion: Callable[[], ModelPackage] | None = None,
    notes: tuple[str, ...] = (),
) -> TrainingResult:
    """Log the card, register the challenger, and the best baseline as champion where there is none.

    `first_champion` fits that baseline, so that a new installation can serve from its first day; it is called only
    when needed. None registers no champion.
    """
    kind = challenger.card.kind
    log_card(session, run, card=challenger.card)
    champion = None
    if first_champion is not None and CHAMPION not in session.registry.aliases(kind):
        champion = register_version(session, run, package=first_champion(), alias=CHAMPION)
        record_move(session, champion, alias=CHAMPION, why="there was no champion: the best baseline")
    registered = register_version(session, run, package=challenger, alias=CHALLENGER)
    record_move(session, registered, alias=CHALLENGER, why=f"trained: {challenger.card.verdict}")
    return TrainingResult(registered, champion, run.run_id, notes)


def register_version(session: Session, run: TrackedRun, *, package: ModelPackage, alias: str) -> RegisteredVersion:
    """Store a fitted model as the next version, described by its card."""
    note = render_card_note(package.card)
    return session.registry.register(package, run.run_id, alias=alias, description=note)


def log_card(session: Session, run: TrackedRun, *, card: ModelCard) -> None:
    """Log what every run keeps: the configuration without secrets, code and data, recipe, metrics and the card.

    MLflow's table compares runs by a few metrics; the metrics of every model and split are the table metrics.json.
    """
    run.describe(name=f"{card.model} {session.today}", note=render_card_note(card))
    run.log_data(
        card.data_set,
        digest=card.data_digest,
        source=_sources(session.statement),
        columns=card.features,
        rows=card.n_rows,
    )
    run.log_tags({"data_set": card.data_set, "git": card.git, "data_digest": card.data_digest, "verdict": card.verdict})
    run.log_parameters({"model": card.model, **{f"settings.{name}": value for name, value in card.settings.items()}})
    run.log_parameters({"training_cutoffs": card.training_cutoffs, "test_cutoff": card.test_cutoff})
    run.log_json(session.statement, "config.json")
    run.log_values(select_compared_metrics(card))
    if card.metrics:
        run.log_table(metrics_table(card), "metrics.json")
    run.log_text(render_card_markdown(card), "card.md")
    run.log_text(render_card_json(card), "card.json")


def _sources(statement: dict[str, Any]) -> dict[str, str]:
    """Where each table lives, by the TOML without secrets."""
    tables = statement.get("cross_section", statement).get("tables", {})
    places = {name: table if isinstance(table, dict) else {} for name, table in tables.items()}
    return {name: str(place.get("path") or place.get("url") or "") for name, place in places.items()}


def move_alias(session: Session, version: RegisteredVersion, *, alias: str, why: str) -> None:
    """Point an alias at a version, and record in the ledger who did it and why."""
    session.registry.set_alias(version.card.kind, alias, version=version.version)
    record_move(session, version, alias=alias, why=why)


def record_move(session: Session, version: RegisteredVersion, *, alias: str, why: str) -> None:
    """Record that an alias points at a version. A crash before this call is noticed by the next command."""
    details = {"kind": version.card.kind, "alias": alias, "version": version.version}
    # At the time of the move, which may be long after the command has started.
    session.ledger.append(ALIAS_MOVED, details, who=session.who, why=why)


def record_found_moves(registry: Registry, ledger: Ledger) -> list[LedgerEntry]:
    """Record every move of an alias that was made outside Kizuna since the ledger's last entry.

    MLflow knows neither who moved an alias nor when, so the entry has the time at which the move was noticed.
    """
    recorded = ledger.latest()
    entries = []
    for kind in sorted({*registry.kinds(), *(kind for kind, _ in recorded.aliases)}):
        current = registry.aliases(kind)
        recorded_aliases = {alias for recorded_kind, alias in recorded.aliases if recorded_kind == kind}
        for alias in sorted(recorded_aliases | set(current)):
            if current.get(alias) != recorded.version(kind, alias):
                details = {"kind": kind, "alias": alias, "version": current.get(alias)}
                why = "noticed: moved outside of Kizuna"
                entries.append(ledger.append(ALIAS_FOUND, details, who=UNKNOWN_USER, why=why))
    return entries
