"""The health scores of a release, as `kizuna health` computed them last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.health import HealthRecord
from models.artifact import Artifact
from serving.release.lookup import IdIndex, PackedJson

NAME = "health"
_DECODER = msgspec.json.Decoder(HealthRecord)


@dataclass(frozen=True)
class HealthPart:
    """Row i belongs to the i-th id of the index. Customers who opted out of scoring are not in it."""

    index: IdIndex
    health: PackedJson
    "(n,) `HealthRecord`."

    @classmethod
    def of(
        cls,
        customer_ids: NDArray[np.str_],
        health: Sequence[HealthRecord],
        *,
        opted_out: NDArray[np.str_] | None = None,
    ) -> HealthPart:
        """Store the health of one day, one row per customer, without the ids that opted out."""
        index, rows = IdIndex.without(customer_ids, opted_out)
        return cls(index, PackedJson.of(health[row] for row in rows.tolist()))

    def to_artifacts(self) -> dict[str, Artifact]:
        """The part as one folder of a release."""
        arrays = {"ids": self.index.ids, "health": self.health.content, "health_offsets": self.health.offsets}
        return {NAME: Artifact("health_record", {}, arrays)}

    @classmethod
    def from_artifacts(cls, artifacts: Mapping[str, Artifact]) -> HealthPart:
        """The part that was stored."""
        arrays = artifacts[NAME].arrays
        return cls(IdIndex(arrays["ids"]), PackedJson(arrays["health"], arrays["health_offsets"]))

    def health_of(self, customer_id: str) -> HealthRecord | None:
        """The health of a customer; None if there is none, or if they opted out."""
        row = self.index.find(customer_id)
        return None if row < 0 else _DECODER.decode(self.health[row])
