"""Moves of @champion and @challenger, every one of them in the ledger: MLflow keeps no history of its own."""

from __future__ import annotations

from core.ledger import ALIAS_FOUND, ALIAS_MOVED, Ledger, LedgerEntry
from models.mlflow_store.registry import KINDS, Registry
from training.run.session import Session

NOBODY_KNOWN = "unknown"


def move_alias(session: Session, kind: str, alias: str, version: int, why: str) -> None:
    """Point an alias at a version, and write down who did it and why."""
    session.registry.set_alias(kind, alias, version)
    note_move(session, kind, alias, version, why)


def note_move(session: Session, kind: str, alias: str, version: int, why: str) -> None:
    """Write down that an alias points to a version now; a crash before this line is found at the next command."""
    details = {"kind": kind, "alias": alias, "version": version}
    session.ledger.append(ALIAS_MOVED, session.who, why, details, session.now)


def record_found_moves(registry: Registry, ledger: Ledger) -> list[LedgerEntry]:
    """Compare the registry with the ledger's last state and write down every move that was made elsewhere.

    MLflow does not tell who moved an alias, nor when: the entry's time is that of the finding.
    """
    known = ledger.latest()
    found = []
    for kind in KINDS:
        now = registry.aliases(kind)
        noted = {alias for noted_kind, alias in known.aliases if noted_kind == kind}
        for alias in sorted(noted | set(now)):
            if now.get(alias) != known.version(kind, alias):
                details = {"kind": kind, "alias": alias, "version": now.get(alias)}
                found.append(ledger.append(ALIAS_FOUND, NOBODY_KNOWN, "found: moved outside of Kizuna", details))
    return found
