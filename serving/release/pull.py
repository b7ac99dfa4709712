"""Copies the active release of shared storage to the disk of this host, and follows it.

    s3://bucket/shop/current            var/shop/releases/current         one process of the host looks every 5 s
    s3://bucket/shop/<release_id>/      var/shop/releases/<release_id>/   copied, checked, then renamed

Every worker serves from the local folder. A copy appears there as a whole or not at all. While the storage does not
answer, workers stay on their release, and the look is repeated at growing intervals.
"""

from __future__ import annotations

import fcntl
import logging
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from core.errors import BrokenArtifact, BuildInProgress, KizunaError, NotFound, SourceUnavailable
from serving.release.integrity import flush, note_verified, refuse_damage_once
from serving.release.release import read_description
from serving.release.releases import Activation, Releases
from serving.release.remote import RemoteReleases

logger = logging.getLogger("kizuna.serving")

LOOK_SECONDS = 5.0
MAX_WAIT = 60.0
"Seconds between two looks at storage that does not answer, at most."
LOCK, LOOKED = ".pull-lock", ".pulled"
"The process that looks has locked the first; the second has the time of its last look, on the clock of this host."


def pull_active(remote: RemoteReleases, releases: Releases) -> Activation | None:
    """Make the active release of the storage the active one here, too; None where the storage has none yet.

    Deletes older releases that the storage does not have any more. Raises SourceUnavailable where the storage does not
    answer, BrokenArtifact where the copy is not what was written, BuildInProgress where a release is being built here.
    """
    activation = remote.active()
    if activation is None:
        return None
    folder = releases.folder / activation.release_id
    with releases.build_folder() as building:
        if not _is_whole(folder):
            remote.download(activation.release_id, building)
            for path in [*building.rglob("*"), building]:
                flush(path)
            shutil.rmtree(folder, ignore_errors=True)
            building.rename(folder)
            flush(releases.folder)
            note_verified(folder)
        if _active_in(releases) != activation:
            releases.activate(activation)
        for release_id in {*releases.release_ids()} - {*remote.release_ids()}:
            if release_id < activation.release_id:
                releases.delete(release_id)
    return activation


class ReleasePull:
    """Follows shared storage for all workers of a host, in a thread of the first of them."""

    def __init__(self, remote: RemoteReleases, releases: Releases, *, failed: Callable[[], None]) -> None:
        self._remote = remote
        self._releases = releases
        self._failed = failed
        self._lock: IO[str] | None = None
        self._pulled: Activation | None = None
        self._looked_at = time.monotonic()
        self._message, self._wait = "", LOOK_SECONDS
        self._stopped = threading.Event()

    @property
    def seconds_since_look(self) -> float:
        """Seconds since a process of this host has last looked at the storage without an error."""
        now, looked_at = time.monotonic(), self._looked_at
        try:
            written = float((self._releases.folder / LOOKED).read_text(encoding="ascii"))
        except (OSError, ValueError):
            written = 0.0
        # The clock begins anew with the host: a later time is one of before.
        return now - max(looked_at, written if written <= now else 0.0)

    def start(self) -> None:
        """Look at once, and again until `stop`."""
        threading.Thread(target=self._watch, name="pull", daemon=True).start()

    def stop(self) -> None:
        """Stop looking; another worker takes over."""
        self._stopped.set()

    def look_and_wait(self) -> float:
        """Look, unless another process of the host does; returns the seconds until the next time. Never raises."""
        try:
            if not self._is_chosen():
                return LOOK_SECONDS
            if self._pulled is None or self._remote.active() != self._pulled:
                self._pulled = pull_active(self._remote, self._releases)
            self._note_look()
        except BuildInProgress:
            return LOOK_SECONDS
        except Exception as error:  # noqa: BLE001 - an exception that leaves this thread would end it
            return self._back_off(str(error) if isinstance(error, KizunaError) else type(error).__name__)
        self._message, self._wait = "", LOOK_SECONDS
        return LOOK_SECONDS

    def let_others_look(self) -> None:
        """Give the lock back, where this process has it."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _watch(self) -> None:
        wait = 0.0
        while not self._stopped.wait(wait):
            wait = self.look_and_wait()
        self.let_others_look()

    def _back_off(self, message: str) -> float:
        is_same = message == self._message
        self._wait = min(2 * self._wait, MAX_WAIT) if is_same else LOOK_SECONDS
        self._message = message
        if not is_same:
            logger.error("the active release was not copied from storage, the running one stays: %s", message)
        self._failed()
        return self._wait

    def _is_chosen(self) -> bool:
        """Whether this process looks for the others: the first that gets the lock, for as long as it runs."""
        if self._lock is not None:
            return True
        self._releases.folder.mkdir(parents=True, exist_ok=True)
        lock = (self._releases.folder / LOCK).open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        return True

    def _note_look(self) -> None:
        self._looked_at = time.monotonic()
        try:
            (self._releases.folder / LOOKED).write_text(str(self._looked_at), encoding="ascii")
        except OSError:
            return  # a full disk: other workers show an older time


def _active_in(releases: Releases) -> Activation | None:
    try:
        return releases.active()
    except (NotFound, BrokenArtifact, SourceUnavailable):
        return None


def _is_whole(folder: Path) -> bool:
    """Whether a release is here already, as it was written."""
    if not folder.exists():
        return False
    try:
        refuse_damage_once(folder, read_description(folder).files)
    except (BrokenArtifact, OSError):
        return False
    return True
