"""Promote a version: the gate compares it with the champion, and the ledger records why it became champion.

The gate in front of @champion compares recipes, not fitted models:

    champion's settings    ---fit--->  rows purged against the newest mature window  --score-->  that window
    challenger's settings  ---fit--->  rows purged against the newest mature window  --score-->  that window

A change of settings passes only if the 90 % interval of its gain lies above 0; where the champion is a baseline, by the
rule for claims of its kind (`ModelKind.claim_errors`), as on the card. A refresh (the same settings, newer
cutoffs) may be worse by the margin of its kind; of churn and hazards, it is compared with the champion as it was
fitted. A refresh of a hazard passes where too little new was observed to compare it, and the ledger says so. A model
that is not shown to be better than its baselines is refused either way. The version that becomes champion is the
registered one, fitted on all rows that were mature when it was trained. Releases answer from a champion that was
promoted by force, whatever its card says, unless it predicts the same for every customer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from core.errors import GateRefused, NotFound
from core.ledger import FORCED
from core.model_card import Comparison, ModelCard
from core.model_kinds import ModelKind, find_kind
from models.mlflow_store.registry import CHALLENGER, CHAMPION, RegisteredVersion, model_capabilities
from tables.tables import Tables
from training.run.pipeline import Uncompared, find_pipeline, move_alias
from training.run.session import Session

FORCE_HINT = 'or skip the gate with --force "reason"'


@dataclass(frozen=True)
class GateResult:
    """The comparison of a challenger with the champion, and whether the challenger passes."""

    comparison: Comparison
    is_refresh: bool
    margin: float
    "How much worse a refresh may be."
    claim_errors: float | None = None
    "Against a baseline: `ModelKind.claim_errors`."

    @property
    def passes(self) -> bool:
        """Whether the challenger may become champion."""
        difference = self.comparison.difference
        return difference.low > -self.margin if self.is_refresh else difference.is_gain(self.claim_errors)

    @property
    def summary(self) -> str:
        """The result in one sentence."""
        estimate = self.comparison.difference
        if self.is_refresh:
            rule = f"for a refresh the interval must be above -{self.margin}"
        elif self.claim_errors is None:
            rule = "for a change of settings the interval must be above 0"
        else:
            rule = "a gain over a baseline must exceed one standard error"
        return (
            f"{self.comparison.model} against {self.comparison.against}: {self.comparison.name} differs by "
            f"{estimate.value:+.4f} ({estimate.interval_of_difference}, positive is better); {rule}"
        )


def at_newest_window(tables: Tables) -> Tables:
    """The same tables with the newest mature cutoff as test cutoff, even where the TOML states an older one."""
    if tables.config.cutoffs.test is None:
        return tables
    cutoffs = msgspec.structs.replace(tables.config.cutoffs, test=None)
    return replace(tables, config=msgspec.structs.replace(tables.config, cutoffs=cutoffs))


def is_refresh(champion: ModelCard | None, challenger: ModelCard) -> bool:
    """Whether the challenger is the champion's recipe, with the same features, or the same baseline, on other data."""
    if champion is not None and champion.is_baseline and challenger.is_baseline:
        return champion.model == challenger.model
    recipes = ((card.model, card.settings, card.features) for card in (champion, challenger) if card)
    return champion is not None and next(recipes) == next(recipes)


def refuse_leaks(challenger: ModelCard) -> None:
    """Raise GateRefused for a model with features that leak detection has flagged."""
    if challenger.doubt:
        raise GateRefused(f"{challenger.doubt}, {FORCE_HINT}")


def refuse_no_better_than_baselines(challenger: ModelCard) -> None:
    """Raise GateRefused for a model that is not shown to beat its baselines, unless it is one itself."""
    if not (challenger.beats_baselines or challenger.is_baseline):
        raise GateRefused(f"{challenger.verdict}; train another, {FORCE_HINT}")


def refuse_worse(result: GateResult) -> None:
    """Raise GateRefused for a challenger that does not pass."""
    if not result.passes:
        raise GateRefused(f"{result.summary}; train another, {FORCE_HINT}")


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
    candidate = session.registry.find(kind, version)
    champion = champion_of(session, kind)
    if champion is not None and champion.version == candidate.version:
        raise GateRefused(f"version {candidate.version} of {candidate.card.registry_name} is champion already")
    why = f"{FORCED}{force_reason}" if force_reason else pass_gate(session, candidate, champion=champion)
    refuse_missing_capabilities(find_kind(kind), candidate)
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
    challenger, kind = candidate.card, find_kind(candidate.card.kind)
    refuse_leaks(challenger)
    refuse_no_better_than_baselines(challenger)
    card = champion.card if champion else None
    comparison = find_pipeline(kind, session).compare(session, champion=card, challenger=challenger)
    if isinstance(comparison, Uncompared):
        return comparison.reason
    claim_errors = kind.claim_errors if card is None or card.is_baseline else None
    result = GateResult(comparison, is_refresh(card, challenger), kind.refresh_margin, claim_errors)
    refuse_worse(result)
    return result.summary


def champion_of(session: Session, kind: str) -> RegisteredVersion | None:
    """The current champion; None where there is none."""
    try:
        return session.registry.find(kind, CHAMPION)
    except NotFound:
        return None
