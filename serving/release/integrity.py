"""Whether the files of a release are those that were written: SHA-256 of each, computed once per host.

    releases/<release_id>/release.json       the checksums
    releases/.verified-<release_id>-<host>   size, time and inode of the files whose checksums were right

A large release takes seconds to read. The workers of a host wait for the first of them, and then compare the times.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from core.errors import BrokenArtifact

DESCRIPTION = "release.json"
VERIFIED = ".verified-"
"Prefix of the files that say which releases a host has verified."


def checksums(folder: Path) -> dict[str, str]:
    """SHA-256 of every file in a folder except its description, by path inside the folder."""
    digests: dict[str, str] = {}
    for path in _files_of(folder):
        with path.open("rb") as file:
            digests[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests


def refuse_damage(folder: Path, expected: Mapping[str, str]) -> None:
    """Raise BrokenArtifact for a file that is missing, was added, or has another checksum than expected."""
    digests = checksums(folder)
    for path in sorted(digests.keys() | expected.keys()):
        if digests.get(path) != expected.get(path):
            problem = "is missing" if path not in digests else "has changed since the release was written"
            raise BrokenArtifact(f"{folder / path} {problem}; run `kizuna release`")


def refuse_damage_once(folder: Path, expected: Mapping[str, str]) -> None:
    """As `refuse_damage`, but read the files only if no process of this host has, or one has changed since then."""
    marker = folder.parent / f"{VERIFIED}{folder.name}-{platform.node()}"
    with _lock(folder.parent / f"{VERIFIED}lock"):
        stamp = _stamp_of(folder)
        if _read(marker) == stamp:
            return
        refuse_damage(folder, expected)
        _write(marker, stamp)


def note_verified(folder: Path) -> None:
    """Note that this host has just verified a release, so that no worker reads its files again."""
    with _lock(folder.parent / f"{VERIFIED}lock"):
        _write(folder.parent / f"{VERIFIED}{folder.name}-{platform.node()}", _stamp_of(folder))


def forget_verified(folder: Path) -> None:
    """Delete what hosts have noted about a release that no longer exists."""
    for marker in folder.parent.glob(f"{VERIFIED}{folder.name}-*"):
        marker.unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Wait until a file or folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _files_of(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and path != folder / DESCRIPTION]


def _stamp_of(folder: Path) -> str:
    """One line per file, the description as well."""
    lines: list[str] = []
    for path in [folder / DESCRIPTION, *_files_of(folder)]:
        status = path.stat()
        name = path.relative_to(folder).as_posix()
        lines.append(f"{name} {status.st_size} {status.st_mtime_ns} {status.st_ino}")
    return "\n".join(lines)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """One process of the host at a time; without a lock where the folder can only be read."""
    try:
        file = path.open("w")
    except OSError:
        yield
        return
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _read(marker: Path) -> str:
    try:
        return marker.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _write(marker: Path, stamp: str) -> None:
    """A folder that can only be read, or a full disk, costs the next worker its own reading."""
    try:
        marker.write_text(stamp, encoding="utf-8")
    except OSError:
        marker.unlink(missing_ok=True)
