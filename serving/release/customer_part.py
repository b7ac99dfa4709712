"""Everybody on record, as a release knows them: what they bought, what they said, what they refused.

Of a customer who refused recommendations nothing else is kept: their lines and words never reach the release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
import numpy as np

from core.interactions import Histories, codes_of, lines_of
from models.artifact import Artifact
from serving.release.id_index import IdIndex
from serving.release.packed import PackedJson

HISTORY_ARRAYS = ("indptr", "items", "times", "quantities", "orders")
LINE_ARRAYS = HISTORY_ARRAYS[1:]


class Words(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of a customer beside their purchases."""

    preferences: dict[str, tuple[str, ...]] = {}
    "What they told us that they like, by attribute of items."
    segments: dict[str, str] = {}
    "Which groups they belong to, by attribute of customers."


_WORDS = msgspec.json.Decoder(Words)
NOTHING_SAID = len(msgspec.json.encode(Words()))


def _nobody() -> np.ndarray:
    return np.empty(0, dtype="U1")


@dataclass(frozen=True)
class Statements:
    """What customers said and who they are, by customer_id; a test or a shop without such tables leaves all empty."""

    refused_recommending: np.ndarray = field(default_factory=_nobody)
    "Text ids of those who may be recommended nothing of their own."
    refused_contact: np.ndarray = field(default_factory=_nobody)
    "Text ids of those who may not be written to."
    preferences: Mapping[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    segments: Mapping[str, dict[str, str]] = field(default_factory=dict)

    @property
    def customer_ids(self) -> np.ndarray:
        """Everybody of whom something is known here, (n,) text."""
        named = [np.array(list(said), dtype=str) for said in (self.preferences, self.segments)]
        return np.concatenate([self.refused_recommending, self.refused_contact, *named])


@dataclass(frozen=True)
class CustomerPart:
    """Row i is of the i-th id of the index."""

    index: IdIndex
    histories: Histories
    "In the codes of the model's own item_ids; empty for who bought nothing, or refused."
    refused_recommending: np.ndarray
    "(n,) bool."
    refused_contact: np.ndarray
    "(n,) bool."
    words: PackedJson
    "(n,) `Words`."

    @classmethod
    def of(cls, bought: Histories, said: Statements) -> CustomerPart:
        """Everybody who bought or said something."""
        index, _ = IdIndex.of(np.unique(np.concatenate([bought.customer_ids, said.customer_ids])))
        names = np.char.decode(index.ids, "utf-8") if len(index) else _nobody()
        refused = np.isin(names, said.refused_recommending)
        words = (
            Words() if no else Words(said.preferences.get(name, {}), said.segments.get(name, {}))
            for name, no in zip(names.tolist(), refused.tolist(), strict=True)
        )
        rows = np.where(refused, -1, _rows_of(names, bought.customer_ids))
        contact = np.isin(names, said.refused_contact)
        return cls(index, _histories_of(rows, names, bought), refused, contact, PackedJson.of(words))

    def to_artifact(self) -> Artifact:
        """The part as it lies in a release."""
        arrays = {f"history_{name}": getattr(self.histories, name) for name in HISTORY_ARRAYS}
        arrays |= {
            "ids": self.index.ids,
            "refused_recommending": self.refused_recommending,
            "refused_contact": self.refused_contact,
            "words": self.words.content,
            "word_offsets": self.words.offsets,
        }
        return Artifact("customers", {}, arrays)

    @classmethod
    def from_artifact(cls, artifact: Artifact, item_ids: np.ndarray) -> CustomerPart:
        """The part as it was."""
        arrays = artifact.arrays
        ids = arrays["ids"]
        return cls(
            IdIndex(ids),
            Histories(ids, item_ids, *(arrays[f"history_{name}"] for name in HISTORY_ARRAYS)),
            arrays["refused_recommending"],
            arrays["refused_contact"],
            PackedJson(arrays["words"], arrays["word_offsets"]),
        )

    def __len__(self) -> int:
        return len(self.index)

    @property
    def may_not_be_written_to(self) -> np.ndarray:
        """(n,) bool: who refused recommendations, or any contact."""
        return self.refused_recommending | self.refused_contact

    def lines(self, row: int) -> slice:
        """Which lines of the histories are a customer's; none for row -1."""
        return slice(0, 0) if row < 0 else slice(int(self.histories.indptr[row]), int(self.histories.indptr[row + 1]))

    def has_record(self, row: int) -> bool:
        """Whether anything is known of a customer that could make an answer their own."""
        lines = self.lines(row)
        return row >= 0 and (lines.stop > lines.start or self.has_words(row))

    def has_words(self, row: int) -> bool:
        """Whether they told us anything, or belong to a segment."""
        return row >= 0 and int(self.words.offsets[row + 1] - self.words.offsets[row]) > NOTHING_SAID

    def words_of(self, row: int) -> Words:
        """What is known of a customer beside their purchases; nothing for row -1."""
        return _WORDS.decode(self.words[row]) if self.has_words(row) else Words()

    def history_of(self, row: int, since: Histories) -> Histories:
        """One history: what is on record of the customer, and then some lines that the caller names."""
        lines = self.lines(row)
        joined = {
            name: np.concatenate([getattr(self.histories, name)[lines], getattr(since, name)]) for name in LINE_ARRAYS
        }
        indptr = np.array([0, len(joined["items"])], dtype=np.int64)
        return Histories(since.customer_ids, self.histories.item_ids, indptr, **joined)


def _rows_of(names: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Where each name stands in `known`, which need not be sorted; -1 where it does not."""
    order = np.argsort(known, kind="stable")
    found = codes_of(names, known[order])
    return np.where(found >= 0, np.append(order, 0)[found], -1)


def _histories_of(rows: np.ndarray, names: np.ndarray, bought: Histories) -> Histories:
    """The histories of some rows, empty where a row is -1."""
    here = rows >= 0
    lengths = np.zeros(len(rows), dtype=np.int64)
    lengths[here] = np.diff(bought.indptr)[rows[here]]
    lines = lines_of(bought.indptr, rows[here])
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Histories(names, bought.item_ids, indptr, *(getattr(bought, name)[lines] for name in LINE_ARRAYS))
