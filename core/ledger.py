"""The ledger: what was live when, in a chain of hashes that shows any later change.

One JSON line an entry, each with the hash of the one before. A line counts once
its newline is on disk; what a crash leaves behind it is kept in the entry that
mends it. The chain shows changed, moved and removed lines, but not that the
newest ones were cut off: who must prove that too notes `head` elsewhere.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from core.errors import BadInput, TamperedLedger

RELEASE_ACTIVATED = "release_activated"
"A host began to answer from a release; details: release, and what it holds."
ALIAS_MOVED = "alias_moved"
"Details: kind (churn, recommender), alias, version (None: taken away)."
ALIAS_FOUND = "alias_found"
"The same, for a move made elsewhere (MLflow's own UI) and noticed later."
LEDGER_MENDED = "ledger_mended"
"A crash had left half a line; details: what it said."
BEGINNING = "0" * 64


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
        """What `hash` must be."""
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
        """Which version of a kind of model bore an alias; None where none did."""
        move = self.aliases.get((kind, alias))
        return move.details["version"] if move else None


class Ledger:
    """An append-only file that several processes may write to."""

    def __init__(self, path: Path, host: str | None = None) -> None:
        self.path = path
        self._host = host or platform.node()

    def append(
        self, event: str, who: str, why: str, details: dict[str, Any], at: datetime | None = None
    ) -> LedgerEntry:
        """Write one event to disk; `at` (with a time zone) is now where none is given.

        Raises TamperedLedger rather than lengthen a chain that does not hold.
        """
        at = at or datetime.now(UTC)
        if at.tzinfo is None:
            raise BadInput(f"the ledger needs a time with its zone, found {at.isoformat()}; add UTC")
        entry = LedgerEntry(
            at=at.astimezone(UTC), event=event, who=who, host=self._host, why=why, details=_plain(details)
        )
        with self._locked() as file:
            whole, torn = _split(file.read())
            entries = _verified(whole, self.path)
            added = [*([_mending(entry, torn)] if torn else []), entry]
            for one in added:
                entries.append(_chained(one, entries))
            file.seek(len(whole))
            file.truncate()
            file.write(b"".join(msgspec.json.encode(one) + b"\n" for one in entries[-len(added) :]))
            file.flush()
            os.fsync(file.fileno())
        return entries[-1]

    def entries(self) -> list[LedgerEntry]:
        """Every event, oldest first. Raises TamperedLedger, naming the line, where the chain does not hold."""
        if not self.path.exists():
            return []
        return _verified(_split(self.path.read_bytes())[0], self.path)

    @property
    def head(self) -> str:
        """The newest hash."""
        entries = self.entries()
        return entries[-1].hash if entries else BEGINNING

    def at(self, moment: datetime) -> LedgerState:
        """What was live at a moment (with a time zone), as far as the ledger knew."""
        if moment.tzinfo is None:
            raise BadInput(f"a moment needs its time zone, found {moment.isoformat()}; write e.g. +09:00 behind it")
        return _state_of([entry for entry in self.entries() if entry.at <= moment])

    def latest(self) -> LedgerState:
        """What is live according to the newest entries."""
        return _state_of(self.entries())

    @contextmanager
    def _locked(self) -> Iterator[BinaryIO]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self.path.exists():
            self.path.touch()
            _sync_folder(self.path.parent)
        with self.path.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file


def _sync_folder(folder: Path) -> None:
    """Make sure that a new file is still there after a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _plain(details: dict[str, Any]) -> dict[str, Any]:
    """As they will be read back, so that the hash is of what stands there."""
    return msgspec.json.decode(msgspec.json.encode(details))


def _mending(entry: LedgerEntry, torn: bytes) -> LedgerEntry:
    found = {"half_line": torn.decode("utf-8", errors="replace")}
    return msgspec.structs.replace(entry, event=LEDGER_MENDED, why="a crash left half a line", details=found)


def _chained(entry: LedgerEntry, before: list[LedgerEntry]) -> LedgerEntry:
    previous = before[-1].hash if before else BEGINNING
    linked = msgspec.structs.replace(entry, sequence=len(before) + 1, previous=previous)
    return msgspec.structs.replace(linked, hash=linked.digest())


def _split(content: bytes) -> tuple[bytes, bytes]:
    """The whole lines, and what a crash left after them."""
    end = content.rfind(b"\n") + 1
    return content[:end], content[end:]


def _verified(whole: bytes, path: Path) -> list[LedgerEntry]:
    entries: list[LedgerEntry] = []
    previous = BEGINNING
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            entry = msgspec.json.decode(line, type=LedgerEntry)
        except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
            raise TamperedLedger(
                f"line {number} of {path} cannot be read ({fault}); compare it with a backup"
            ) from fault
        chained = (entry.sequence, entry.previous, entry.hash) == (number, previous, entry.digest())
        if not chained or msgspec.json.encode(entry) != line:
            raise TamperedLedger(f"line {number} of {path} is not what was written; compare it with a backup")
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
