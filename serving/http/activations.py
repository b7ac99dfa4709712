"""Records in the hash-chained ledger which releases each host has served from."""

from __future__ import annotations

import fcntl
import logging
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.errors import KizunaError
from core.ledger import RELEASE_ACTIVATED, Ledger
from serving.release.release import Release
from serving.release.releases import Activation

logger = logging.getLogger("kizuna.serving")


@dataclass(frozen=True)
class ActivationLog:
    """Writes one ledger entry per host and activation, however many workers switch to the release."""

    ledger_path: Path
    host: str

    def record(self, release: Release, activation: Activation) -> None:
        """Append the activation unless another worker of this host has. A ledger that cannot be written is logged."""
        try:
            self._record(release, activation)
        except (OSError, KizunaError) as error:
            logger.error("the activation of %s is not in the ledger: %s", activation.release_id, error)

    def _record(self, release: Release, activation: Activation) -> None:
        ledger = Ledger(self.ledger_path, self.host)
        self.ledger_path.parent.mkdir(parents=True, exist_ok=True)
        with self.ledger_path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            latest = ledger.latest().releases.get(self.host)
            if latest is None or latest.details.get("activation") != msgspec.to_builtins(activation):
                ledger.append(
                    RELEASE_ACTIVATED, ledger_details(release, activation), who=activation.who, why=activation.why
                )


def ledger_details(release: Release, activation: Activation) -> dict[str, object]:
    """The ledger entry of an activation: the models, and the features and data they were fitted on."""
    description = release.description
    return {
        "release": description.release_id,
        "data_set": description.data_set,
        "cutoff": description.cutoff.isoformat(),
        "data_digest": description.data_digest,
        "models": msgspec.to_builtins(description.models),
        "missing": description.missing,
        "activation": msgspec.to_builtins(activation),
    }
