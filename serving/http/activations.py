"""The record of activations: each release that a host began to answer from, once, in the hash-chained ledger."""

from __future__ import annotations

import fcntl
import logging
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.errors import KizunaError
from core.ledger import RELEASE_ACTIVATED, Ledger
from serving.release.release import Release
from serving.release.releases import Pointer

logger = logging.getLogger("kizuna.serving")


@dataclass(frozen=True)
class Activations:
    """Writes one entry a host and activation, however many workers put the release in force."""

    ledger_path: Path
    host: str

    def record(self, release: Release, pointer: Pointer) -> None:
        """Append the activation, unless another worker of this host has; a service that cannot write still answers."""
        try:
            self._record(release, pointer)
        except (OSError, KizunaError) as fault:
            logger.error("the activation of %s is not in the ledger: %s", pointer.release_id, fault)

    def _record(self, release: Release, pointer: Pointer) -> None:
        ledger = Ledger(self.ledger_path, self.host)
        self.ledger_path.parent.mkdir(parents=True, exist_ok=True)
        with self.ledger_path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            running = ledger.latest().releases.get(self.host)
            if running is None or running.details.get("pointer") != msgspec.to_builtins(pointer):
                ledger.append(RELEASE_ACTIVATED, pointer.who, pointer.why, details_of(release, pointer))


def details_of(release: Release, pointer: Pointer) -> dict[str, object]:
    """What an auditor wants to know: which models, fitted on which features and data."""
    described = release.description
    return {
        "release": described.release_id,
        "data_set": described.data_set,
        "cutoff": described.cutoff.isoformat(),
        "data_digest": described.data_digest,
        "models": msgspec.to_builtins(described.models),
        "missing": described.missing,
        "pointer": msgspec.to_builtins(pointer),
    }
