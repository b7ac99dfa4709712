"""All releases of a data set, and which one is active.

A release is built in a hidden folder beside the others and renamed when it is complete. Then one small file, `current`,
is replaced atomically. Whatever interrupts this, the active release stays as it was.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec

from core.errors import BadInput, BrokenArtifact, BuildInProgress, NotFound, SourceUnavailable
from core.files import describe_disk_fault, name_place
from serving.release.integrity import DESCRIPTION, flush, forget_verified, note_verified
from serving.release.release import Release, ReleaseDescription, read_description
from serving.release.verification import explain_other_mean, verify_release

BUILDING = ".building-"
"Prefix of the folders in which releases are built."


ReleaseId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=128)]
"The name of a folder, and of no other one above or below."


class Activation(msgspec.Struct, frozen=True, kw_only=True):
    """Which release is active, and who activated it why and when."""

    release_id: ReleaseId
    who: str
    why: str
    at: datetime
    "UTC."
    accepts_change: bool = False
    "Whether the mean score may be unlike that of the release before."


@dataclass(frozen=True)
class Releases:
    """The release folders of one data set."""

    folder: Path

    @property
    def active_path(self) -> Path:
        """The small file that names the active release."""
        return self.folder / "current"

    def active(self) -> Activation:
        """The activation of the active release. Raises NotFound before the first release."""
        try:
            return decode_activation(self.active_path.read_bytes(), str(self.active_path))
        except FileNotFoundError as error:
            raise NotFound(f"there is no release in {self.folder} yet; run `kizuna release`") from error
        except OSError as error:
            reason = describe_disk_fault(error) or f"{self.active_path} cannot be read: {error.strerror}"
            raise SourceUnavailable(reason) from error

    def open_active(self) -> Release:
        """Open the active release. Raises NotFound before the first release."""
        return Release.open(self.folder / self.active().release_id)

    def open(self, release_id: str) -> Release:
        """Open a release by its id. Raises NotFound for one that is not on disk."""
        release_ids = self.release_ids()
        if release_id not in release_ids:
            listed = f"there are: {', '.join(release_ids)}" if release_ids else "there is none; run `kizuna release`"
            raise NotFound(f"no release '{release_id}' in {self.folder}; {listed}")
        return Release.open(self.folder / release_id)

    def open_to_serve(self, release_id: str) -> Release:
        """Open a release for a worker: its files are read only once per host."""
        return Release.open(self.folder / release_id, once_per_host=True)

    def describe(self, release_id: str) -> ReleaseDescription:
        """The description of a release. Raises BrokenArtifact if it is damaged."""
        return read_description(self.folder / release_id)

    def release_ids(self) -> list[str]:
        """The ids of all complete releases, oldest first."""
        return sorted(path.parent.name for path in self.folder.glob(f"[!.]*/{DESCRIPTION}"))

    def publish(
        self,
        release: Release,
        activation: Activation,
        *,
        keep: int = 5,
        verify: Callable[[Release], None] = verify_release,
        share: Callable[[Path], None] | None = None,
    ) -> Path:
        """Write a release, activate it, and delete all but the newest `keep` releases; returns its folder.

        `share` gets the folder of the verified release, and makes it the active one for other hosts.
        `verify` gets the release as it was read back, and raises BrokenArtifact where it cannot answer; then, or where
        its mean score is unlike that of the active release and the activation does not accept that, nothing changes.
        """
        with name_place(self.folder), self.build_folder() as building:
            release.write(building)
            written = Release.open(building)
            verify(written)
            if not activation.accepts_change and (other := explain_other_mean(written, self._find_active())):
                raise BadInput(f"{other}; if that is right, publish with --accept-change")
            if share is not None:
                share(building)
            final = self.folder / release.description.release_id
            building.rename(final)
            note_verified(final)  # as it was read back: the workers of this host switch without reading every file
            flush(self.folder)
            self.activate(activation)
            self._delete_oldest(keep)
            return final

    def activate(self, activation: Activation) -> None:
        """Make a release the active one, atomically. Raises NotFound for an unknown id.

        Activating an older release rolls back to it.
        """
        release_ids = self.release_ids()
        if activation.release_id not in release_ids:
            raise NotFound(
                f"no release '{activation.release_id}' in {self.folder}; there are: {', '.join(release_ids)}"
            )
        temporary = self.folder / f".current-{os.getpid()}"
        temporary.write_bytes(msgspec.json.encode(activation))
        flush(temporary)
        temporary.replace(self.active_path)
        flush(self.folder)

    def previous_id(self) -> str:
        """The newest complete release that is older than the active one. Raises NotFound where there is none."""
        return older_than(self.active().release_id, self.release_ids(), place=str(self.folder))

    def delete(self, release_id: str) -> None:
        """Delete a release from the disk."""
        shutil.rmtree(self.folder / release_id)
        forget_verified(self.folder / release_id)

    def _find_active(self) -> Release | None:
        """The active release; None before the first, or where it is damaged."""
        try:
            return self.open_active()
        except (NotFound, BrokenArtifact, SourceUnavailable):
            return None

    def _delete_oldest(self, keep: int) -> None:
        active = self.active().release_id
        for release_id in self.release_ids()[: -max(keep, 1)]:
            if release_id != active:
                self.delete(release_id)

    @contextmanager
    def build_folder(self) -> Iterator[Path]:
        """The path of a folder to build in, for one process at a time; removes what an earlier crash left.

        Raises BuildInProgress where another process builds.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BuildInProgress(f"another release is being built in {self.folder}; try again later") from error
            for leftover in self.folder.glob(f"{BUILDING}*"):
                shutil.rmtree(leftover)
            building = self.folder / f"{BUILDING}{os.getpid()}"
            try:
                yield building
            finally:
                shutil.rmtree(building, ignore_errors=True)


def decode_activation(content: bytes, place: str) -> Activation:
    """The activation that was read from a place. Raises BrokenArtifact where it is damaged."""
    try:
        return msgspec.json.decode(content, type=Activation)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BrokenArtifact(f"{place} is damaged ({error}); run `kizuna release`") from error


def older_than(active: str, release_ids: list[str], *, place: str) -> str:
    """The newest of these releases that is older than the active one. Raises NotFound where there is none."""
    older = [release_id for release_id in release_ids if release_id < active]
    if not older:
        raise NotFound(f"no release in {place} is older than the active one, {active}")
    return max(older)
