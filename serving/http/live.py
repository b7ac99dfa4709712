"""The release that a worker answers from: watches the pointer and swaps, without a restart and without a pause.

A thread looks every half second. A new release is opened beside the running one; then one reference is replaced.
Requests in flight finish on the release that they began with. A release that cannot be opened is left alone, and the
running one stays.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import KizunaError
from serving.release.release import Release
from serving.release.releases import Pointer, Releases

logger = logging.getLogger("kizuna.serving")

EVERY_SECONDS = 0.5


@dataclass(frozen=True)
class LiveReleaseHooks:
    """Who is told."""

    activated: Callable[[Release, Pointer], None]
    failed: Callable[[], None]


class LiveRelease:
    """`current` is the release in force, or None before the first."""

    def __init__(self, releases: Releases, hooks: LiveReleaseHooks) -> None:
        self.current: Release | None = None
        self._releases = releases
        self._hooks = hooks
        self._seen: tuple[int, int] | None = None
        self._stopped = threading.Event()

    @property
    def folder(self) -> Path:
        """Where the releases lie."""
        return self._releases.folder

    def start(self) -> None:
        """Open the release in force, and watch for newer ones until `stop`."""
        self.look()
        threading.Thread(target=self._watch, name="releases", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()

    def look(self) -> None:
        """Swap where the pointer has been replaced since the last look."""
        stamp = self._stamp()
        if stamp is None or stamp == self._seen:
            return
        self._seen = stamp
        try:
            pointer = self._releases.pointer()
            if self.current is None or self.current.description.release_id != pointer.release_id:
                self.current = Release.open(self._releases.folder / pointer.release_id)
                self._hooks.activated(self.current, pointer)
        except KizunaError as fault:
            logger.error("a release could not be put in force, the running one stays: %s", fault)
            self._hooks.failed()

    def _stamp(self) -> tuple[int, int] | None:
        try:
            found = self._releases.pointer_path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino

    def _watch(self) -> None:
        while not self._stopped.wait(EVERY_SECONDS):
            self.look()
