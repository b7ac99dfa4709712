"""The ledger: what was live when, as a chain of hashes that reveals any later change.

Each entry is one JSON line and holds the hash of the entry before it. A line counts once its newline is on disk. What
a crash leaves of a line is kept in the entry that repairs the file. The chain reveals changed, moved and removed
lines, but not that the newest lines were cut off; to prove that as well, store `head` somewhere else.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from core.errors import BadInput, TamperedLedger
from core.files import name_place

RELEASE_ACTIVATED = "release_activated"
"A host started to answer from a release; details: the release and what it holds."
ALIAS_MOVED = "alias_moved"
"Details: kind of model, alias, version (None: removed)."
ALIAS_FOUND = "alias_found"
"The same for a move that was made elsewhere (in MLflow's own UI) and noticed later."
KEY_ADDED, KEY_ROTATED, KEY_REVOKED = "key_added", "key_rotated", "key_revoked"
"An API key; details: its id, its name and its scopes."
ITEMS_CHANGED, STOCK_CHANGED, TASK_CHANGED = "items_changed", "stock_changed", "task_changed"
"Changed through the service; details: the key, and the old and the new values. See `serving.http.audit`."
CHANGE_FAILED = "change_failed"
"A change through the service was answered with an error after its entry was written; details: that entry's sequence."
LEDGER_REPAIRED = "ledger_repaired"
"A crash had left half a line; details: its text."
FORCED = "forced: "
"The reason of a promotion without the gate begins with it."
GENESIS_HASH = "0" * 64
"The `previous` of the first entry."


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One event; `hash` is the SHA-256 of everything else in it, as JSON with sorted keys."""

    sequence: int = 0
    previous: str = ""
    at: datetime
    "UTC."
    event: str
    who: str
    host: str
    why: str
    details: dict[str, Any]
    hash: str = ""

    def digest(self) -> str:
        """Compute what `hash` must be."""
        content = {name: value for name, value in msgspec.structs.asdict(self).items() if name != "hash"}
        return hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()


@dataclass(frozen=True)
class LedgerState:
    """What was live at a moment."""

    releases: dict[str, LedgerEntry] = field(default_factory=dict)
    "The activation that each host answers from."
    aliases: dict[tuple[str, str], LedgerEntry] = field(default_factory=dict)
    "The move that gave each (kind, alias) its version."

    def version(self, kind: str, alias: str) -> int | None:
        """The version of a kind of model that had an alias; None where none had it."""
        move = self.aliases.get((kind, alias))
        return move.details["version"] if move else None

    @property
    def champions_by_force(self) -> frozenset[tuple[str, int]]:
        """The (kind, version) of each champion that was promoted without the gate, for a stated reason."""
        moves = [move for (_, alias), move in self.aliases.items() if alias == "champion"]
        return frozenset(
            (move.details["kind"], move.details["version"]) for move in moves if move.why.startswith(FORCED)
        )


@dataclass(frozen=True)
class Verified:
    """The beginning of a file, up to an entry, whose chain has been verified."""

    inode: int = 0
    size: int = 0
    "Bytes."
    sequence: int = 0
    "Of the last entry in it."
    hash: str = GENESIS_HASH

    def extend(self, entry: LedgerEntry, n_bytes: int) -> Verified:
        """The beginning that is longer by some bytes, of which an entry is the last."""
        return Verified(self.inode, self.size + n_bytes, entry.sequence, entry.hash)


NOTHING = Verified()


class Ledger:
    """An append-only file that several processes may write to."""

    def __init__(self, path: Path, host: str | None = None, *, verifies_all: bool = True) -> None:
        """Before it appends it verifies the whole chain or, for a long-running service, what is new since it did."""
        self.path = path
        self._host = host or platform.node()
        self._verifies_all = verifies_all
        self._verified = NOTHING

    def append(
        self, event: str, details: dict[str, Any], *, who: str, why: str, at: datetime | None = None
    ) -> LedgerEntry:
        """Write one event to disk. `at` has a time zone; the default is now.

        Raises TamperedLedger where the existing chain is broken.
        """
        at = at or datetime.now(UTC)
        if at.tzinfo is None:
            raise BadInput(f"the ledger needs a time with a time zone, found {at.isoformat()}; add UTC")
        entry = LedgerEntry(
            at=at.astimezone(UTC), event=event, who=who, host=self._host, why=why, details=_as_read_back(details)
        )
        with self._lock() as file:
            torn = self._catch_up(file)
            file.seek(self._verified.size)
            file.truncate()
            for one in [*([_repair_entry(entry, torn)] if torn else []), entry]:
                entry = _chain(one, self._verified)
                n_bytes = file.write(msgspec.json.encode(entry) + b"\n")
                self._verified = self._verified.extend(entry, n_bytes)
            file.flush()
            os.fsync(file.fileno())
        return entry

    def entries(self) -> list[LedgerEntry]:
        """Every event, oldest first. Raises TamperedLedger with the line number where the chain is broken."""
        if not self.path.exists():
            return []
        return _verify(_split(self.path.read_bytes())[0], self.path)

    @property
    def head(self) -> str:
        """The hash of the newest entry."""
        entries = self.entries()
        return entries[-1].hash if entries else GENESIS_HASH

    def at(self, moment: datetime) -> LedgerState:
        """The state at a moment (with a time zone), as far as the ledger knew it."""
        if moment.tzinfo is None:
            raise BadInput(f"a moment needs a time zone, found {moment.isoformat()}; append one, e.g. +09:00")
        return _state_of([entry for entry in self.entries() if entry.at <= moment])

    def latest(self) -> LedgerState:
        """The state after the newest entry."""
        return _state_of(self.entries())

    def _catch_up(self, file: BinaryIO) -> bytes:
        """Verify what was added since the last time; returns what a crash has left of a line."""
        before, status = self._verified, os.fstat(file.fileno())
        if self._verifies_all or before.inode != status.st_ino or before.size > status.st_size:
            before = Verified(status.st_ino)
        file.seek(before.size)
        whole, torn = _split(file.read())
        try:
            entries = _verify(whole, self.path, after=before)
        except TamperedLedger:
            if not before.size:
                raise
            self._verified = NOTHING  # another file may have got the same inode
            return self._catch_up(file)
        self._verified = before.extend(entries[-1], len(whole)) if entries else before
        return torn

    @contextmanager
    def _lock(self) -> Generator[BinaryIO]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self.path.exists():
            self.path.touch()
            _sync_folder(self.path.parent)
        with name_place(self.path), self.path.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file


def _sync_folder(folder: Path) -> None:
    """Make a new file survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _as_read_back(details: dict[str, Any]) -> dict[str, Any]:
    """The details as they will be read from the file, because the hash must match what is in it."""
    return msgspec.json.decode(msgspec.json.encode(details))


def _repair_entry(entry: LedgerEntry, torn: bytes) -> LedgerEntry:
    details = {"half_line": torn.decode("utf-8", errors="replace")}
    return msgspec.structs.replace(entry, event=LEDGER_REPAIRED, why="a crash left half a line", details=details)


def _chain(entry: LedgerEntry, before: Verified) -> LedgerEntry:
    linked = msgspec.structs.replace(entry, sequence=before.sequence + 1, previous=before.hash)
    return msgspec.structs.replace(linked, hash=linked.digest())


def _split(content: bytes) -> tuple[bytes, bytes]:
    """Separate the whole lines from what a crash left after them."""
    end = content.rfind(b"\n") + 1
    return content[:end], content[end:]


def _verify(whole: bytes, path: Path, *, after: Verified = NOTHING) -> list[LedgerEntry]:
    entries: list[LedgerEntry] = []
    previous = after.hash
    for number, line in enumerate(whole.splitlines(), start=after.sequence + 1):
        try:
            entry = msgspec.json.decode(line, type=LedgerEntry)
        except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
            raise TamperedLedger(
                f"line {number} of {path} cannot be read ({fault}); compare the file with a backup"
            ) from fault
        is_chained = (entry.sequence, entry.previous, entry.hash) == (number, previous, entry.digest())
        if not is_chained or msgspec.json.encode(entry) != line:
            raise TamperedLedger(
                f"line {number} of {path} was changed after it was written; compare the file with a backup"
            )
        previous = entry.hash
        entries.append(entry)
    return entries


def _state_of(entries: list[LedgerEntry]) -> LedgerState:
    state = LedgerState()
    for entry in entries:
        if entry.event == RELEASE_ACTIVATED:
            state.releases[entry.host] = entry
        elif entry.event in (ALIAS_MOVED, ALIAS_FOUND):
            state.aliases[entry.details["kind"], entry.details["alias"]] = entry
    return state
