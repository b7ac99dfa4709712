"""Everybody's health as it was judged last: its sides, what changed and why, laid out for look-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from core.health import HealthRecord
from models.artifact import Artifact
from serving.release.id_index import IdIndex
from serving.release.packed import PackedJson

_JUDGED = msgspec.json.Decoder(HealthRecord)


@dataclass(frozen=True)
class HealthPart:
    """Row i is of the i-th id of the index; who refused to be scored is not in it."""

    index: IdIndex
    judged: PackedJson
    "(n,) `HealthRecord`."

    @classmethod
    def of(
        cls, customer_ids: np.ndarray, judged: Sequence[HealthRecord], refused: np.ndarray | None = None
    ) -> HealthPart:
        """The judgements of one day, each customer once; without who `refused`, ids."""
        willing = np.ones(len(customer_ids), bool) if refused is None else ~np.isin(customer_ids, refused)
        index, order = IdIndex.of(customer_ids[willing])
        rows = np.flatnonzero(willing)[order]
        return cls(index, PackedJson.of(judged[row] for row in rows.tolist()))

    def to_artifact(self) -> Artifact:
        """The part as it lies in a release."""
        arrays = {"ids": self.index.ids, "judged": self.judged.content, "judged_offsets": self.judged.offsets}
        return Artifact("health_record", {}, arrays)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> HealthPart:
        """The part as it was."""
        arrays = artifact.arrays
        return cls(IdIndex(arrays["ids"]), PackedJson(arrays["judged"], arrays["judged_offsets"]))

    def of_customer(self, customer_id: str) -> HealthRecord | None:
        """What was judged of a customer; None of who was not judged, or refused."""
        row = self.index.find(customer_id)
        return None if row < 0 else _JUDGED.decode(self.judged[row])
