"""Keeps a worker on the active release: watches for activations and swaps releases without a restart or a pause.

A thread checks every half second. A new release is opened beside the running one, and then one reference is replaced.
Requests in flight finish on the release that they began with. If a release cannot be opened, the running one stays.
The hash-chained ledger records which releases each host has served from.
"""

from __future__ import annotations

import fcntl
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.errors import KizunaError
from core.ledger import RELEASE_ACTIVATED, Ledger
from serving.release.release import Release
from serving.release.releases import Activation, Releases

logger = logging.getLogger("kizuna.serving")

CHECK_SECONDS = 0.5


@dataclass(frozen=True)
class LiveReleaseHooks:
    """Callbacks of a `LiveRelease`."""

    activated: Callable[[Release, Activation], None]
    "After this worker has switched to a release."
    failed: Callable[[], None]
    "After a release could not be opened."


class LiveRelease:
    """The active release of one worker; `current` is None before the first."""

    def __init__(self, releases: Releases, hooks: LiveReleaseHooks) -> None:
        self.current: Release | None = None
        self._releases = releases
        self._hooks = hooks
        self._stamp: tuple[int, int] | None = None
        self._stopped = threading.Event()

    @property
    def folder(self) -> Path:
        """The folder that contains all releases."""
        return self._releases.folder

    def start(self) -> None:
        """Open the active release, and watch for newer ones until `stop`."""
        self.check()
        threading.Thread(target=self._watch, name="releases", daemon=True).start()

    def stop(self) -> None:
        """Stop watching."""
        self._stopped.set()

    def check(self) -> None:
        """Switch to the active release if another one was activated since the last check."""
        stamp = self._read_stamp()
        if stamp is None or stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            activation = self._releases.active()
            if self.current is None or self.current.description.release_id != activation.release_id:
                self.current = Release.open(self._releases.folder / activation.release_id)
                self._hooks.activated(self.current, activation)
        except KizunaError as error:
            logger.error("a release could not be activated, the running one stays: %s", error)
            self._hooks.failed()

    def _read_stamp(self) -> tuple[int, int] | None:
        """Modification time and inode of the file that names the active release: both change when it is replaced."""
        try:
            status = self._releases.active_path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino

    def _watch(self) -> None:
        while not self._stopped.wait(CHECK_SECONDS):
            self.check()


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


def describe_activation(release: Release, activation: Activation) -> str:
    """The log line of an activation: what answers from now on, and who activated it why."""
    description = release.description
    models = ", ".join(f"{kind} version {model.version}" for kind, model in description.models.items()) or "no model"
    return (
        f"activated release {description.release_id} of {description.data_set}: cutoff {description.cutoff}, {models}; "
        f"by {activation.who}: {activation.why}"
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
