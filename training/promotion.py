"""Promote a version: the gate compares it with the champion, and the ledger records why it became champion."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import GateRefused, NotFound
from core.model_kinds import MODEL_KINDS, ModelKind
from models.mlflow_store.registry import CHALLENGER, CHAMPION, RegisteredVersion, model_capabilities
from training.judging.gate import (
    GateResult,
    is_refresh,
    refuse_leaks,
    refuse_no_better_than_baselines,
    refuse_worse,
)
from training.run.pipeline import find_pipeline
from training.run.registering import move_alias
from training.run.session import Session


@dataclass(frozen=True)
class Promotion:
    """A move of @champion."""

    version: RegisteredVersion
    previous: RegisteredVersion | None
    why: str


def promote(
    session: Session, kind: str, *, version: int | str = CHALLENGER, force_reason: str | None = None
) -> Promotion:
    """Make a version champion if it passes the gate, or without the gate for a stated reason.

    Raises GateRefused with the result of the gate, or where the model lacks a capability that commands need of a
    champion, which no reason replaces. Nothing has moved then.
    """
    model_kind = MODEL_KINDS[kind]
    candidate = session.registry.find(kind, version)
    champion = champion_of(session, kind)
    if champion is not None and champion.version == candidate.version:
        raise GateRefused(f"version {candidate.version} of {candidate.card.registry_name} is champion already")
    refuse_missing_capabilities(model_kind, candidate)
    why = f"forced: {force_reason}" if force_reason else pass_gate(session, candidate, champion=champion)
    move_alias(session, candidate, alias=CHAMPION, why=why)
    return Promotion(session.registry.find(kind, candidate.version), champion, why)


def refuse_missing_capabilities(kind: ModelKind, candidate: RegisteredVersion) -> None:
    """Raise GateRefused where the model cannot do what its kind needs of a champion."""
    missing = kind.champion_needs - model_capabilities(kind, candidate.card.model)
    if missing:
        raise GateRefused(
            f"{candidate.card.model} cannot become {kind.name} champion, because it lacks "
            f"{', '.join(sorted(missing))}, which health scores and churn causes need; train another model"
        )


def pass_gate(session: Session, candidate: RegisteredVersion, *, champion: RegisteredVersion | None) -> str:
    """The result of the gate in one sentence. Raises GateRefused where the candidate does not pass."""
    challenger, kind = candidate.card, MODEL_KINDS[candidate.card.kind]
    refuse_leaks(challenger)
    refuse_no_better_than_baselines(challenger)
    card = champion.card if champion else None
    comparison = find_pipeline(kind, session).compare(session, card, challenger)
    result = GateResult(comparison, is_refresh(card, challenger), kind.refresh_margin)
    refuse_worse(result)
    return result.summary


def champion_of(session: Session, kind: str) -> RegisteredVersion | None:
    """The current champion; None where there is none."""
    try:
        return session.registry.find(kind, CHAMPION)
    except NotFound:
        return None
