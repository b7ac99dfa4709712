"""Many small JSON texts as two arrays, so that one of them is read from disk without touching the rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np


@dataclass(frozen=True)
class PackedJson:
    """Row i's text is `content[offsets[i]:offsets[i + 1]]`."""

    content: np.ndarray
    "(bytes,) uint8."
    offsets: np.ndarray
    "(n + 1,) int64."

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @classmethod
    def of(cls, things: Iterable[Any]) -> PackedJson:
        """Everything that JSON can say, one text each."""
        encoder = msgspec.json.Encoder()
        texts = [encoder.encode(thing) for thing in things]
        ends = np.cumsum([len(text) for text in texts], dtype=np.int64)
        return cls(np.frombuffer(b"".join(texts), dtype=np.uint8), np.concatenate([[0], ends]).astype(np.int64))

    def __getitem__(self, row: int) -> msgspec.Raw:
        """The text of a row, as it goes into an answer."""
        return msgspec.Raw(self.content[self.offsets[row] : self.offsets[row + 1]].tobytes())
