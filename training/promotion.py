"""`kizuna promote`: a version goes through the gate and becomes champion, and the ledger says why."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import GateRefused, NotFound
from core.model_card import Comparison, ModelCard
from models.mlflow_store.registry import CHALLENGER, CHAMPION, RegisteredVersion
from training.churn.training import compare_churn_recipes
from training.cross_section.training import compare_cross_section_recipes
from training.hazard.training import compare_hazard_recipes
from training.judging.gate import MARGIN, Finding, Margin, is_refresh, refuse_leaks, refuse_unlearnt, refuse_worse
from training.recommender.training import compare_recommender_recipes
from training.run.aliases import move_alias
from training.run.session import Session
from training.texts.cards import compare_text_cards

COMPARE = {
    "churn": compare_churn_recipes,
    "hazard": compare_hazard_recipes,
    "recommender": compare_recommender_recipes,
    "texts": compare_text_cards,
}


@dataclass(frozen=True)
class Promotion:
    """A move of @champion."""

    version: RegisteredVersion
    before: RegisteredVersion | None
    why: str


def promote(
    session: Session,
    kind: str,
    version: int | str = CHALLENGER,
    force: str | None = None,
    margin: Margin = MARGIN,
) -> Promotion:
    """Make a version champion if the gate lets it through, or by force with a reason.

    Raises GateRefused with what the gate found; nothing has moved then.
    """
    candidate = session.registry.find(kind, version)
    champion = champion_of(session, kind)
    if champion is not None and champion.version == candidate.version:
        raise GateRefused(f"version {candidate.version} of {candidate.card.registered_name} is champion already")
    why = f"forced: {force}" if force else passed(session, champion, candidate.card, margin)
    move_alias(session, kind, CHAMPION, candidate.version, why)
    return Promotion(session.registry.find(kind, candidate.version), champion, why)


def passed(session: Session, champion: RegisteredVersion | None, challenger: ModelCard, margin: Margin) -> str:
    """What the gate found. Raises GateRefused where it does not let the challenger through."""
    refuse_leaks(challenger)
    refuse_unlearnt(challenger)
    card = champion.card if champion else None
    compare = (
        compare_cross_section_recipes
        if session.cross_section and challenger.kind == "churn"
        else COMPARE[challenger.kind]
    )
    comparison: Comparison = compare(session, card, challenger)
    finding = Finding(comparison, is_refresh(card, challenger), margin.of(comparison.name))
    refuse_worse(finding)
    return finding.says


def champion_of(session: Session, kind: str) -> RegisteredVersion | None:
    """The version that is champion now, if one is."""
    try:
        return session.registry.find(kind, CHAMPION)
    except NotFound:
        return None
