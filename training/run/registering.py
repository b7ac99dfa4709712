"""The last step of a training: what was found goes into the run, and the model into the registry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.model_card import ModelCard
from models.mlflow_store.package import ModelPackage
from models.mlflow_store.registry import CHALLENGER, CHAMPION, RegisteredVersion
from training.run.aliases import note_move
from training.run.cards import card_json, card_markdown
from training.run.session import Session
from training.run.tracking import TrackedRun


@dataclass(frozen=True)
class Trained:
    """What a training registered."""

    challenger: RegisteredVersion
    first_champion: RegisteredVersion | None
    "The baseline that became champion, where there was none."
    run_id: str


def ship(
    session: Session, run: TrackedRun, challenger: ModelPackage, first_champion: Callable[[], ModelPackage]
) -> Trained:
    """Register the challenger, and the best baseline as champion where there is none.

    So a firm has a service on its first day. `first_champion` is called only where it is needed.
    """
    kind = challenger.card.kind
    log_card(session, run, challenger.card)
    champion = None
    if CHAMPION not in session.registry.aliases(kind):
        champion = session.registry.register(first_champion(), run.run_id, CHAMPION)
        note_move(session, kind, CHAMPION, champion.version, "there was no champion: the best baseline")
    return Trained(register_challenger(session, challenger, run.run_id), champion, run.run_id)


def register_challenger(session: Session, package: ModelPackage, run_id: str) -> RegisteredVersion:
    """Register a model as the next version and the challenger, and write it into the ledger."""
    registered = session.registry.register(package, run_id, CHALLENGER)
    note_move(session, package.card.kind, CHALLENGER, registered.version, f"trained: {package.card.verdict}")
    return registered


def log_card(session: Session, run: TrackedRun, card: ModelCard) -> None:
    """What every run leaves: the configuration without secrets, code and data, recipe, figures and the card."""
    run.log_tags({"data_set": card.data_set, "git": card.git, "data_digest": card.data_digest, "verdict": card.verdict})
    run.log_parameters({"model": card.model, **{f"settings.{name}": value for name, value in card.settings.items()}})
    run.log_parameters({"training_cutoffs": card.training_cutoffs, "test_cutoff": card.test_cutoff})
    run.log_json(session.statement, "config.json")
    run.log_metrics(card.metrics, card.model)
    run.log_text(card_markdown(card), "card.md")
    run.log_text(card_json(card), "card.json")
