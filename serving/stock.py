"""What is out of stock at this moment: a set of items beside the releases, shared by all workers of the host.

    releases/stock.json    item ids, replaced atomically; its modification time rises with every change
    releases/.stock.lock   locked during a change

It adds to the items that a release itself marks as unavailable. Before each response a worker asks the file system
whether the file was replaced, which costs a microsecond or two, and only then reads it.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput, BrokenArtifact
from core.interactions import codes_of_ids
from core.recommender_experiment import Arm
from serving.release.integrity import flush
from serving.release.recommender_part import RecommenderPart

logger = logging.getLogger("kizuna.serving")

Stamp = tuple[int, int, int]
"Modification time, inode and size of the file."

MAX_ITEMS = 100_000
"13 MB of the longest ids."


class Stock(msgspec.Struct, frozen=True):
    """The set of items that are out of stock, after one change."""

    unavailable: frozenset[str] = frozenset()
    changed_at_ns: int = 0
    "Nanoseconds since 1970, UTC. Rises with every change; 0 before the first."


EMPTY_STOCK = Stock()


class StockChange(NamedTuple):
    """The set before and after a change."""

    before: Stock
    after: Stock

    @property
    def items(self) -> dict[str, dict[str, list[bool]]]:
        """The items that have run out, and those that are back."""
        gone = self.after.unavailable - self.before.unavailable
        different = sorted(gone | (self.before.unavailable - self.after.unavailable))
        return {item_id: {"out_of_stock": [item_id not in gone, item_id in gone]} for item_id in different}


@dataclass(frozen=True)
class StockFile:
    """The file that contains the set."""

    folder: Path
    "The folder of the releases."

    @property
    def path(self) -> Path:
        """The path of the file."""
        return self.folder / "stock.json"

    def read(self) -> Stock:
        """Read the set; empty before the first change. Raises BrokenArtifact if the file is damaged."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=Stock)
        except FileNotFoundError:
            return EMPTY_STOCK
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BrokenArtifact(f"{self.path} is damaged; remove it and send the unavailable items again") from error

    def change(
        self,
        sold_out: Collection[str],
        available: Collection[str],
        *,
        before_write: Callable[[StockChange], None] = lambda _: None,
    ) -> StockChange:
        """Remove available items from the set, then add those sold out, durably.

        `before_write` gets the change before it is made. Raises BadInput if the set would become too large, OSError if
        it cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".stock.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            before = self.read()
            unavailable = before.unavailable.difference(available).union(sold_out)
            if len(unavailable) > MAX_ITEMS:
                raise BadInput(
                    f"at most {MAX_ITEMS:,} items can be out of stock; mark more in the items table and release again"
                )
            after = Stock(unavailable, max(time.time_ns(), before.changed_at_ns + 1))
            change = StockChange(before, after)
            before_write(change)
            self._replace(after)
            return change

    def _replace(self, stock: Stock) -> None:
        """Replace the file atomically. Its modification time is that of the change, so that no two versions agree."""
        temporary = self.folder / f".stock-{os.getpid()}"
        temporary.write_bytes(msgspec.json.encode(stock, order="deterministic"))
        os.utime(temporary, ns=(stock.changed_at_ns, stock.changed_at_ns))
        flush(temporary)
        temporary.replace(self.path)
        flush(self.folder)

    def stamp(self) -> Stamp | None:
        """Differs between any two versions of the file; None if there is none."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return None
        return status.st_mtime_ns, status.st_ino, status.st_size


@dataclass(frozen=True)
class OutOfStock:
    """The items of a recommender that are out of stock at one moment."""

    mask: NDArray[np.bool_]
    "(m,), by item code."
    codes: NDArray[np.int32]
    "The codes at which the mask is true, in order."
    as_released: bool
    "Whether they are exactly the items that the release itself marks as unavailable."


class LiveStock:
    """The set as one worker sees it."""

    def __init__(self, file: StockFile) -> None:
        self.file = file
        self._stamp: Stamp | None = None
        self._stock = EMPTY_STOCK
        self._out_of_stock: dict[Arm, tuple[Stock, RecommenderPart, OutOfStock]] = {}
        "By the recommender's arm; without an experiment there is one."

    @property
    def now(self) -> Stock:
        """The current set. If its file is damaged or unavailable, the last one that could be read."""
        try:
            stamp = self.file.stamp()
            if stamp != self._stamp:
                self._stamp = stamp
                self._stock = self.file.read()
        except (OSError, BrokenArtifact) as error:
            logger.error("the stock could not be read, the last known one stays: %s", error)
        return self._stock

    def out_of_stock(self, part: RecommenderPart) -> OutOfStock:
        """The items of a recommender that are out of stock; computed once per change."""
        stock = self.now
        cached = self._out_of_stock.get(part.arm)
        if cached is None or cached[0] is not stock or cached[1] is not part:
            if cached is not None and cached[1] is not part:
                self._out_of_stock.clear()  # of the release before, which nothing else may keep in memory
            cached = self._out_of_stock[part.arm] = (stock, part, find_out_of_stock(stock, part))
        return cached[2]


def find_out_of_stock(stock: Stock, part: RecommenderPart) -> OutOfStock:
    """The items of a recommender that are unavailable in its release or in the stock."""
    codes = codes_of_ids(sorted(stock.unavailable), part.model.item_ids)
    codes = codes[codes >= 0]
    mask = np.zeros(len(part.model.item_ids), dtype=bool)
    mask[part.items.unavailable] = True
    as_released = bool(mask[codes].all()) and not part.items.is_changed
    mask[codes] = True
    return OutOfStock(mask, np.flatnonzero(mask).astype(np.int32), as_released)
