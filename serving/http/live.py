"""Keeps a worker on the active release: watches for activations and swaps releases without a restart or a pause.

A thread checks every half second. A new release is opened beside the running one, and then one reference is replaced.
Requests in flight finish on the release that they began with. If a release cannot be opened, the running one stays.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import KizunaError
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
