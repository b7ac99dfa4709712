"""Keeps a worker on the active release: watches for activations and swaps releases without a restart or a pause.

A thread checks every half second. A new release is opened beside the running one and tried, and then one reference is
replaced. Requests in flight finish on the release that they began with. Whatever is wrong with a release or with the
file that names it, the running one stays, and the worker tries again, at growing intervals, or at once when another
release is activated. The hash-chained ledger records which releases each host has served from.
"""

from __future__ import annotations

import fcntl
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.errors import BrokenArtifact, KizunaError
from core.ledger import RELEASE_ACTIVATED, Ledger
from serving.release.release import Release
from serving.release.releases import Activation, Releases
from serving.release.verification import explain_other_mean, verify_release

logger = logging.getLogger("kizuna.serving")

CHECK_SECONDS = 0.5
MAX_WAIT = 30.0
"Seconds between attempts to open the same release, at most."

Stamp = tuple[int, int]
"Modification time and inode."


@dataclass(frozen=True)
class LiveReleaseHooks:
    """Callbacks of a `LiveRelease`."""

    activated: Callable[[Release, Activation], None]
    "After this worker has switched to a release."
    failed: Callable[[], None]
    "After each attempt to find or open a release that failed."
    verify: Callable[[Release], None] = verify_release
    "Before the switch; raises BrokenArtifact for a release that cannot answer."
    seconds_since_look: Callable[[], float] = lambda: 0.0
    "How long ago the storage that releases are copied from was last looked at; 0 without any."


class LiveRelease:
    """The active release of one worker; `current` is None before the first."""

    def __init__(self, releases: Releases, hooks: LiveReleaseHooks) -> None:
        self.current: Release | None = None
        self._releases = releases
        self._hooks = hooks
        self._stamp: Stamp | None = None
        self._attempts = Attempts()
        self._checked_at = time.monotonic()
        self._checking = threading.Lock()
        self._stopped = threading.Event()

    @property
    def folder(self) -> Path:
        """The folder that contains all releases."""
        return self._releases.folder

    @property
    def seconds_since_check(self) -> float:
        """Seconds since the folder, and the storage behind it, were last looked at without an error.

        Below one while all is well, and below six with storage.
        """
        return max(time.monotonic() - self._checked_at, self._hooks.seconds_since_look())

    def start(self) -> None:
        """Open the active release, and watch for newer ones until `stop`."""
        self.check()
        threading.Thread(target=self._watch, name="releases", daemon=True).start()

    def stop(self) -> None:
        """Stop watching."""
        self._stopped.set()

    def find_first(self) -> Release | None:
        """The release; a worker without any looks for it at once, because another may serve from it already."""
        if self.current is None:
            self.check()
        return self.current

    def check(self) -> None:
        """Switch to the active release if another one was activated since the last check. Never raises."""
        with self._checking:
            self._check()

    def _check(self) -> None:
        stamp: Stamp | None = None
        try:
            stamp = self._read_stamp()
            if stamp is not None and stamp != self._stamp and self._attempts.is_due(stamp):
                self._switch()
                self._stamp = stamp
            if stamp is None or stamp == self._stamp:
                self._attempts = Attempts()
                self._checked_at = time.monotonic()
        except Exception as error:  # noqa: BLE001 - an exception that leaves this thread would end it
            message = str(error) if isinstance(error, KizunaError) else type(error).__name__
            if self._attempts.fail(stamp, message):
                logger.error("a release could not be activated, the running one stays: %s", message)
            self._hooks.failed()

    def _switch(self) -> None:
        activation = self._releases.active()
        running = self.current
        if running is not None and running.description.release_id == activation.release_id:
            return
        release = self._releases.open_to_serve(activation.release_id)
        self._hooks.verify(release)
        if not activation.accepts_change and (other := explain_other_mean(release, running)):
            raise BrokenArtifact(f"{other}; if that is right, activate it with --accept-change")
        self.current = release
        self._hooks.activated(release, activation)

    def _read_stamp(self) -> Stamp | None:
        """Modification time and inode of the file that names the active release: both change when it is replaced."""
        try:
            status = self._releases.active_path.stat()
        except FileNotFoundError:
            return None
        return status.st_mtime_ns, status.st_ino

    def _watch(self) -> None:
        while not self._stopped.wait(CHECK_SECONDS):
            self.check()


class Attempts:
    """Failed attempts to switch to one activation; the next one is due after twice the time, up to `MAX_WAIT`."""

    def __init__(self) -> None:
        self._stamp: Stamp | None = None
        self._message = ""
        self._wait = CHECK_SECONDS
        self._due_at = 0.0

    def is_due(self, stamp: Stamp) -> bool:
        """Whether to try now: another activation is tried at once."""
        return stamp != self._stamp or time.monotonic() >= self._due_at

    def fail(self, stamp: Stamp | None, message: str) -> bool:
        """Note a failure; returns whether it is another one than the last."""
        is_new = (stamp, message) != (self._stamp, self._message)
        self._wait = CHECK_SECONDS if stamp != self._stamp else min(2 * self._wait, MAX_WAIT)
        self._stamp, self._message = stamp, message
        self._due_at = time.monotonic() + self._wait
        return is_new


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
