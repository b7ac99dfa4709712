"""How the parts of a release store rows for look-up by id: sorted ids, and JSON texts packed into two arrays.

Both work on memory-mapped arrays: a look-up reads a few pages from disk, however many rows there are.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.ids import canonical_id


@dataclass(frozen=True)
class IdIndex:
    """Ids in byte order; a look-up is a binary search that takes about a microsecond."""

    ids: NDArray[np.bytes_]
    "(n,)."

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def of(cls, ids: NDArray[np.str_]) -> tuple[IdIndex, NDArray[np.int64]]:
        """Sort ids; also returns the order, (n,), in which the rows of other arrays must be put to match."""
        encoded = np.char.encode(ids, "utf-8") if len(ids) else np.empty(0, dtype="S1")
        order = np.argsort(encoded, kind="stable")
        return cls(encoded[order]), order

    @classmethod
    def without(cls, ids: NDArray[np.str_], excluded: NDArray[np.str_] | None) -> tuple[IdIndex, NDArray[np.int64]]:
        """The same for the ids that are not `excluded`; the order are rows of all ids."""
        if excluded is None:
            return cls.of(ids)
        included = np.flatnonzero(~np.isin(ids, excluded))
        index, order = cls.of(ids[included])
        return index, included[order]

    def find(self, name: str) -> int:
        """The row of an id, or -1. It may be written in another way, e.g. with blanks around: see `core.ids`."""
        row = self._find(name)
        if row < 0 and (canonical := canonical_id(name)) != name:
            row = self._find(canonical)
        return row

    def _find(self, name: str) -> int:
        needle = name.encode("utf-8", "surrogatepass")
        # numpy pads with zero bytes, and searches for needles wider than the ids a thousand times slower.
        if len(needle) > self.ids.dtype.itemsize or needle.endswith(b"\0"):
            return -1
        padded = np.array(needle, dtype=self.ids.dtype)
        row = int(np.searchsorted(self.ids, padded))
        return row if row < len(self.ids) and self.ids[row] == padded else -1

    def contains(self, ids: NDArray[np.bytes_]) -> NDArray[np.bool_]:
        """(k,) whether each of these ids is among them; they are written as other parts of a release store them."""
        if not len(self.ids):
            return np.zeros(len(ids), dtype=np.bool_)
        # Cut to the width of the ids, because wider needles take long; what was cut is not equal to any of them.
        rows = np.searchsorted(self.ids, ids.astype(self.ids.dtype))
        return self.ids[np.minimum(rows, len(self.ids) - 1)] == ids

    def find_all(self, names: Sequence[bytes]) -> list[int] | None:
        """(k,) rows of ids in UTF-8, written as they are stored; None where one of them is not among them."""
        n, ids = len(self.ids), self.ids
        # numpy cuts needles to the width of the ids and ignores zero bytes at their end; the comparison does neither.
        rows = ids.searchsorted(np.array(names, dtype=ids.dtype)).tolist()
        for row, name in zip(rows, names, strict=True):
            if row == n or ids.item(row) != name:
                return None
        return rows

    def count_until(self, name: str) -> int:
        """Number of ids up to and including a name, which need not be an id, in byte order."""
        needle = name.encode("utf-8", "surrogatepass")
        # An id is never longer than the width, so that the part beyond it decides nothing.
        padded = np.array(needle[: self.ids.dtype.itemsize], dtype=self.ids.dtype)
        return int(np.searchsorted(self.ids, padded, side="right"))

    def name(self, row: int) -> str:
        """The id in a row."""
        return self.ids[row].decode("utf-8")

    def names(self) -> NDArray[np.str_]:
        """All ids as text, (n,)."""
        return np.char.decode(self.ids, "utf-8") if len(self.ids) else np.empty(0, dtype="U1")


@dataclass(frozen=True)
class TextColumn:
    """One text per row, of which many are equal."""

    words: NDArray[np.bytes_]
    "(m,) the different texts, sorted, in UTF-8."
    codes: NDArray[np.int32]
    "(n,) index into words."

    @classmethod
    def of(cls, texts: Sequence[str]) -> TextColumn:
        """Store texts, (n,)."""
        words, codes = np.unique(np.array(texts, dtype=np.str_), return_inverse=True)
        return cls(np.char.encode(words, "utf-8") if len(words) else np.empty(0, "S1"), codes.astype(np.int32))

    def __getitem__(self, row: int) -> str:
        """The text of a row."""
        return bytes(self.words[int(self.codes[row])]).decode("utf-8")

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.str_]:
        """The texts of some rows, (k,)."""
        if len(rows) < len(self.words):
            return np.char.decode(self.words[self.codes[rows]], "utf-8")
        words = np.char.decode(self.words, "utf-8") if len(self.words) else np.empty(0, "U1")
        return words[self.codes[rows]]

    def to_arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """The arrays under names that begin with that of the column."""
        return {f"{name}_words": self.words, f"{name}_codes": self.codes}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], name: str) -> TextColumn:
        """The column that was stored under a name."""
        return cls(arrays[f"{name}_words"], arrays[f"{name}_codes"])


@dataclass(frozen=True)
class PackedJson:
    """One JSON text per row: `content[offsets[i]:offsets[i + 1]]`."""

    content: NDArray[np.uint8]
    "(bytes,)."
    offsets: NDArray[np.int64]
    "(n + 1,)."

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @classmethod
    def of(cls, values: Iterable[object]) -> PackedJson:
        """Encode values, one text each."""
        encoder, packer = msgspec.json.Encoder(), JsonPacker()
        for value in values:
            packer.add(encoder.encode(value))
        return packer.pack()

    def __getitem__(self, row: int) -> msgspec.Raw:
        """The text of a row, ready for a response."""
        return msgspec.Raw(self.content[self.offsets[row] : self.offsets[row + 1]].tobytes())


class JsonPacker:
    """Packs texts one by one, in little more memory than they take in the end."""

    def __init__(self) -> None:
        self._content = bytearray()
        self._offsets = array("q", [0])

    def add(self, text: bytes) -> None:
        """Append the text of the next row."""
        self._content += text
        self._offsets.append(len(self._content))

    def pack(self) -> PackedJson:
        """All rows."""
        return PackedJson(np.frombuffer(self._content, np.uint8), np.frombuffer(self._offsets, np.int64))
