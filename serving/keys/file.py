"""The file of API keys, which only its owner can read.

var/<data set>/keys.json    ids, names, scopes, hashes of secrets, limits
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.access import ApiKey
from core.errors import BrokenArtifact
from core.files import replace_file
from serving.keys.store import require_key

OWNER_ONLY = 0o600
Stamp = tuple[int, int, int]
"Modification time, inode and size."


class KeyRing(msgspec.Struct, frozen=True):
    """The content of the file."""

    keys: tuple[ApiKey, ...] = ()


@dataclass(frozen=True)
class KeyFile:
    """The keys of a data set's service."""

    path: Path

    def read(self) -> tuple[ApiKey, ...]:
        """See `KeyStore`. None without a file."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=KeyRing).keys
        except FileNotFoundError:
            return ()
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BrokenArtifact(
                f"{self.path} cannot be read; restore it from a backup, or delete it and add keys"
            ) from error

    def add(self, key: ApiKey) -> None:
        """See `KeyStore`."""
        with self._change() as keys:
            keys.append(key)

    def change(self, key_id: str, how: Callable[[ApiKey], ApiKey]) -> ApiKey:
        """See `KeyStore`."""
        with self._change() as keys:
            place = require_key(keys, key_id)
            keys[place] = how(keys[place])
        return keys[place]

    def stamp(self) -> Stamp | None:
        """Differs between any two versions of the file; None if there is none."""
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino, status.st_size

    @contextmanager
    def _change(self) -> Iterator[list[ApiKey]]:
        """The keys, to be changed by one process at a time; they are on the disk after the block."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            keys = [*self.read()]
            yield keys
            with replace_file(self.path) as temporary:
                handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
                with os.fdopen(handle, "wb") as file:
                    file.write(msgspec.json.format(msgspec.json.encode(KeyRing(tuple(keys)))))
                    file.flush()
                    os.fsync(file.fileno())
