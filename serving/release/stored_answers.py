"""Answers that a release contains as JSON: a request for some customers only copies bytes.

    {"release_id": ..., "scores":[   before_reasons[i]   reasons[i]   after_reasons[i]   ,   ...   ]}
    head                             one customer                                                  TAIL

The reasons, two thirds of an answer, are stored once: `ChurnPart.reasons`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from serving.release.churn_part import ChurnPart
from serving.release.lookup import IdIndex, JsonPacker, PackedJson
from serving.release.release import Release
from serving.release.scored_customer import score_of_row

TAIL = b"]}"
REASONS_HERE = b"\0"
"Stands for the reasons while the rest is encoded; JSON never contains this byte."


class StoredAnswers:
    """The responses of one release, in pieces."""

    def __init__(self, head: bytes, index: IdIndex, *, pieces: tuple[PackedJson, PackedJson, PackedJson]) -> None:
        self._head = head
        "The response up to its list of customers."
        self._index = index
        # Memory views give a number or a slice in a tenth of the time that numpy takes.
        self._columns = [(column.content.data, column.offsets.data) for column in pieces]
        "A customer in three pieces; row i of each belongs to the i-th id of the index."

    @classmethod
    def of(cls, churn: ChurnPart, *, response: bytes) -> StoredAnswers | None:
        """The answers of a release, from its response for no customer; None where it contains none."""
        before, after = churn.before_reasons, churn.after_reasons
        if before is None or after is None or not response.endswith(b"[" + TAIL):
            return None
        return cls(response.removesuffix(TAIL), churn.index, pieces=(before, churn.reasons, after))

    def answer(self, customer_ids: Sequence[str]) -> bytes | None:
        """The response for one customer or more; None where an id is not written as that of a customer with a score."""
        rows = self._index.find_all([customer_id.encode() for customer_id in customer_ids])
        if rows is None:
            return None
        (before, before_at), (reasons, reasons_at), (after, after_at) = self._columns
        pieces: list[bytes | memoryview] = [self._head]
        for row in rows:
            following = row + 1
            pieces += (
                before[before_at[row] : before_at[following]],
                reasons[reasons_at[row] : reasons_at[following]],
                after[after_at[row] : after_at[following]],
                b",",
            )
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
