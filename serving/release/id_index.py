"""Where an id stands: sorted fixed-width bytes, searched on disk without being read in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class IdIndex:
    """Ids in byte order, (n,) 'S': a look-up costs about a microsecond, however many there are."""

    ids: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def of(cls, ids: np.ndarray) -> tuple[IdIndex, np.ndarray]:
        """The index of some text ids, and the order, (n,), in which their rows have to be put to match it."""
        encoded = np.char.encode(ids, "utf-8") if len(ids) else np.empty(0, dtype="S1")
        order = np.argsort(encoded, kind="stable")
        return cls(encoded[order]), order

    def find(self, name: str) -> int:
        """The row of an id; -1 where it is not among them."""
        needle = name.encode("utf-8", "surrogatepass")
        # numpy pads with zero bytes and searches needles wider than the ids a thousand times slower.
        if len(needle) > self.ids.dtype.itemsize or needle.endswith(b"\0"):
            return -1
        wanted = np.array(needle, dtype=self.ids.dtype)
        row = int(np.searchsorted(self.ids, wanted))
        return row if row < len(self.ids) and self.ids[row] == wanted else -1

    def name(self, row: int) -> str:
        """The id that stands in a row."""
        return self.ids[row].decode("utf-8")
