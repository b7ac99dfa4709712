"""Answers that a release contains as JSON: a request for some customers only copies bytes.

    {"release_id": ..., "scores":[   before_reasons[i]   reasons[i]   after_reasons[i]   ,   ...   ]}
    head                             one customer                                                  TAIL

The reasons, two thirds of an answer, are stored once: `ChurnPart.reasons`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from serving.release.churn_part import ChurnPart
from serving.release.lookup import IdIndex, JsonPacker, PackedJson
from serving.release.release import Release
from serving.release.scored_customer import score_of_row

TAIL = b"]}"
REASONS_HERE = b"\0"
"Stands for the reasons while the rest is encoded; JSON never contains this byte."


@dataclass(frozen=True)
class StoredAnswers:
    """The responses of one release, in pieces. Row i of the texts belongs to the i-th id of the index."""

    head: bytes
    "The response up to its list of customers."
    index: IdIndex
    before_reasons: PackedJson
    reasons: PackedJson
    after_reasons: PackedJson

    @classmethod
    def of(cls, churn: ChurnPart, *, response: bytes) -> StoredAnswers | None:
        """The answers of a release, from its response for no customer; None where it contains none."""
        before, after = churn.before_reasons, churn.after_reasons
        if before is None or after is None or not response.endswith(b"[" + TAIL):
            return None
        return cls(response.removesuffix(TAIL), churn.index, before, churn.reasons, after)

    def answer(self, customer_ids: Sequence[str]) -> bytes | None:
        """The response for one customer or more; None where an id is not written as that of a customer with a score."""
        rows = self.index.find_all([customer_id.encode() for customer_id in customer_ids])
        if rows is None:
            return None
        pieces: list[bytes | memoryview] = [self.head]
        texts = (self.before_reasons.take(rows), self.reasons.take(rows), self.after_reasons.take(rows))
        for before, reasons, after in zip(*texts, strict=True):
            pieces += (before, reasons, after, b",")
        pieces[-1] = TAIL
        return b"".join(pieces)


def store_answers(release: Release) -> Release:
    """The release with every customer's answer; without churn scores it stays as it is."""
    churn = release.churn
    if churn is None:
        return release
    encoder, before, after = msgspec.json.Encoder(), JsonPacker(), JsonPacker()
    marker = msgspec.Raw(REASONS_HERE)
    for row, customer_id in enumerate(churn.index.names().tolist()):
        score = score_of_row(release, churn, row=row, customer_id=customer_id, reasons=marker)
        start, _, end = encoder.encode(score).partition(REASONS_HERE)
        before.add(start)
        after.add(end)
    return replace(release, churn=replace(churn, before_reasons=before.pack(), after_reasons=after.pack()))
