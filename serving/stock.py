"""What is not in stock at this moment: a live set beside the releases, which every worker of the host sees at once.

    releases/stock.json    ids, replaced in one step; its modification time rises with every change
    releases/.stock.lock   held while it changes

It comes on top of the items that a release itself hides. A reader asks the file system about the file before each
answer, which costs a microsecond or two, and reads it only when it has been replaced.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from core.errors import BadInput, BrokenArtifact
from core.interactions import codes_of
from serving.release.recommender_part import RecommenderPart
from serving.release.release import flush

logger = logging.getLogger("kizuna.serving")

Stamp = tuple[int, int, int]

AT_MOST = 100_000
"How many ids the set may hold: 13 MB of the longest ones."


class Stock(msgspec.Struct, frozen=True):
    """The set as it stood after one change."""

    unavailable: frozenset[str] = frozenset()
    changed_at_ns: int = 0
    "Nanoseconds since 1970, UTC; rises with every change; 0 before the first."


NOTHING_GONE = Stock()


@dataclass(frozen=True)
class StockFile:
    """The file that holds the set."""

    folder: Path
    "Of the releases."

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.folder / "stock.json"

    def read(self) -> Stock:
        """The set; empty where nothing was ever said. Raises BrokenArtifact where the file is damaged."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=Stock)
        except FileNotFoundError:
            return Stock()
        except (msgspec.DecodeError, UnicodeDecodeError) as fault:
            raise BrokenArtifact(f"{self.path} is damaged; remove it and say again what is unavailable") from fault

    def change(self, gone: Collection[str], back: Collection[str]) -> Stock:
        """Take out what is back and add what is gone, durably; returns the set as it is now.

        Raises BadInput where the set would become too large, OSError where it cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".stock.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            before = self.read()
            unavailable = before.unavailable.difference(back).union(gone)
            if len(unavailable) > AT_MOST:
                raise BadInput(f"at most {AT_MOST:,} items are held; make a release of an items table that says so")
            after = Stock(unavailable, max(time.time_ns(), before.changed_at_ns + 1))
            self._replace(after)
            return after

    def _replace(self, stock: Stock) -> None:
        """Write beside and then in place; the time of the file is the change's own, so that no two are alike."""
        beside = self.folder / f".stock-{os.getpid()}"
        beside.write_bytes(msgspec.json.encode(stock, order="deterministic"))
        os.utime(beside, ns=(stock.changed_at_ns, stock.changed_at_ns))
        flush(beside)
        beside.replace(self.path)
        flush(self.folder)

    def stamp(self) -> Stamp | None:
        """Tells two states of the file apart; None where there is none."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size


@dataclass(frozen=True)
class OutOfStock:
    """What a catalogue lacks at one moment."""

    mask: np.ndarray
    "(m,) bool, by item code."
    codes: np.ndarray
    "int32, rising: where the mask is true."
    as_released: bool
    "Whether nothing was said beyond what the release itself hides."


class LiveStock:
    """The set as one worker sees it."""

    def __init__(self, file: StockFile) -> None:
        self.file = file
        self._seen: Stamp | None = None
        self._stock = Stock()
        self._lacking: tuple[Stock, RecommenderPart, OutOfStock] | None = None

    @property
    def now(self) -> Stock:
        """The set at this moment; where its file is damaged or out of reach, the last one that could be read."""
        try:
            stamp = self.file.stamp()
            if stamp != self._seen:
                self._seen = stamp
                self._stock = self.file.read()
        except (OSError, BrokenArtifact) as fault:
            logger.error("the stock could not be read, the last known one stays: %s", fault)
        return self._stock

    def lacking(self, part: RecommenderPart) -> OutOfStock:
        """What is out of stock now, of what a recommender knows; worked out once for each change."""
        stock = self.now
        known = self._lacking
        if known is None or known[0] is not stock or known[1] is not part:
            known = self._lacking = (stock, part, out_of_stock(stock, part))
        return known[2]


def out_of_stock(stock: Stock, part: RecommenderPart) -> OutOfStock:
    """What of a recommender's catalogue is not to be had: as released, and as said since."""
    names = np.array(sorted(stock.unavailable), dtype=str)
    gone = codes_of(names, part.model.item_ids)
    mask = np.zeros(len(part.model.item_ids), dtype=bool)
    mask[part.items.unavailable] = True
    as_released = bool(mask[gone[gone >= 0]].all())
    mask[gone[gone >= 0]] = True
    return OutOfStock(mask, np.flatnonzero(mask).astype(np.int32), as_released)
