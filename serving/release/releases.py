"""All releases of a data set, and the pointer to the one in force.

A release is built in a folder beside the others and renamed when it is complete; then one small file, `current`, is
replaced in one step. Whatever interrupts this, the release in force stays untouched.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from core.errors import BrokenArtifact, NotFound, SourceUnavailable
from serving.release.release import DESCRIPTION, Release, flush

BUILDING = ".building-"


class Pointer(msgspec.Struct, frozen=True):
    """Which release is in force, and by whose decision."""

    release_id: str
    who: str
    why: str
    at: datetime
    "UTC."


@dataclass(frozen=True)
class Releases:
    """The release folders of one data set."""

    folder: Path

    @property
    def pointer_path(self) -> Path:
        """The small file that names the release in force."""
        return self.folder / "current"

    def pointer(self) -> Pointer:
        """The release in force. Raises NotFound where nothing was released yet."""
        try:
            return msgspec.json.decode(self.pointer_path.read_bytes(), type=Pointer)
        except FileNotFoundError as fault:
            raise NotFound(f"nothing was released in {self.folder} yet; run `kizuna release`") from fault
        except msgspec.DecodeError as fault:
            raise BrokenArtifact(f"{self.pointer_path} is damaged ({fault}); run `kizuna release`") from fault

    def current(self) -> Release:
        """The release in force, opened."""
        return Release.open(self.folder / self.pointer().release_id)

    def names(self) -> list[str]:
        """The ids of all complete releases, oldest first."""
        return sorted(path.parent.name for path in self.folder.glob(f"[!.]*/{DESCRIPTION}"))

    def add(self, release: Release, pointer: Pointer, keep: int = 5) -> Path:
        """Write a release, put it in force, and forget all but the newest `keep`; returns its folder."""
        with self._building() as building:
            release.write(building)
            final = self.folder / release.description.release_id
            building.rename(final)
            flush(self.folder)
            self.point(pointer)
            self._forget(keep)
            return final

    def point(self, pointer: Pointer) -> None:
        """Put a release in force, in one step. Raises NotFound where there is none of this id."""
        if pointer.release_id not in self.names():
            raise NotFound(f"no release '{pointer.release_id}' in {self.folder}; there are: {', '.join(self.names())}")
        beside = self.folder / f".current-{os.getpid()}"
        beside.write_bytes(msgspec.json.encode(pointer))
        flush(beside)
        beside.replace(self.pointer_path)
        flush(self.folder)

    def _forget(self, keep: int) -> None:
        in_force = self.pointer().release_id
        for name in self.names()[: -max(keep, 1)]:
            if name != in_force:
                shutil.rmtree(self.folder / name)

    @contextmanager
    def _building(self) -> Iterator[Path]:
        """A folder to build in, one at a time; what an earlier crash left is cleared away."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as fault:
                raise SourceUnavailable(f"another release is being built in {self.folder}; try again later") from fault
            for left in self.folder.glob(f"{BUILDING}*"):
                shutil.rmtree(left)
            building = self.folder / f"{BUILDING}{os.getpid()}"
            try:
                yield building
            finally:
                shutil.rmtree(building, ignore_errors=True)
