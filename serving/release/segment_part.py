"""Every customer of the cutoff with their key figures, attributes, tier and segments, laid out for look-up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from core.segmentation import Segmentation, SegmentFigures, ValueKind
from models.artifact import Artifact
from serving.release.id_index import IdIndex
from serving.release.packed import PackedJson


class KeyFigures(msgspec.Struct, frozen=True):
    """What people ask for first; null where it is not known."""

    recency_days: float | None = None
    "Days since the last purchase, or use."
    frequency: float | None = None
    "Orders of 365 days; days with usage where nothing is bought."
    revenue_365d: float | None = None
    "Bought in 365 days, returns taken off, base currency."
    mrr: float | None = None
    "What running subscriptions cost a month, base currency."
    tenure_days: float | None = None
    "Days since the first subscription, purchase or use."


class CustomerFacts(msgspec.Struct, frozen=True):
    """What the tables say of one customer."""

    figures: KeyFigures
    attributes: dict[str, str | float]
    "Those that the configuration lists and that are known."


NO_FACTS = CustomerFacts(KeyFigures(), {})
_FACTS = msgspec.json.Decoder(CustomerFacts)


@dataclass(frozen=True)
class SegmentPart:
    """Row i is of the i-th id of the index."""

    index: IdIndex
    segments: tuple[SegmentFigures, ...]
    in_segment: np.ndarray
    "(n, segments) bool."
    customer_tiers: tuple[SegmentFigures, ...]
    customer_tier: np.ndarray
    "(n,) int16: index into tiers, -1 for none."
    value_kind: ValueKind
    health: np.ndarray
    "(n,) float32, 0 to 100; NaN for who was not scored."
    facts: PackedJson
    "(n,) `CustomerFacts`."
    refused: Mapping[str, IdIndex]
    "By purpose, everybody who consents to it no more, customers of the cutoff or not."

    @classmethod
    def of(
        cls,
        found: Segmentation,
        figures: Mapping[str, np.ndarray],
        attributes: Mapping[str, np.ndarray],
        refused: Mapping[str, np.ndarray],
        seed: int = 0,
    ) -> SegmentPart:
        """The customers of one cutoff; figures and attributes by name, (n,) each, NaN and '' are missing.

        `refused` holds text ids by purpose.
        """
        index, order = IdIndex.of(found.customer_ids)
        return cls(
            index,
            found.segment_figures(seed),
            found.in_segment[order],
            found.tier_figures(seed),
            found.customer_tier[order],
            found.value_kind,
            found.health[order].astype(np.float32),
            PackedJson.of(_facts(figures, attributes, order)),
            {purpose: IdIndex.of(ids)[0] for purpose, ids in refused.items()},
        )

    def to_artifact(self) -> Artifact:
        """The part as it lies in a release."""
        arrays = {
            "ids": self.index.ids,
            "in_segment": self.in_segment,
            "customer_tier": self.customer_tier,
            "health": self.health,
            "facts": self.facts.content,
            "fact_offsets": self.facts.offsets,
            **{f"refused_{purpose}": index.ids for purpose, index in self.refused.items()},
        }
        told = {
            "segments": self.segments, "customer_tiers": self.customer_tiers,
            "value_kind": self.value_kind, "purposes": list(self.refused),
        }  # fmt: skip
        return Artifact("segments", msgspec.to_builtins(told), arrays)

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> SegmentPart:
        """The part as it was."""
        arrays, state = artifact.arrays, artifact.state
        segments, customer_tiers = (
            msgspec.convert(state[name], tuple[SegmentFigures, ...]) for name in ("segments", "customer_tiers")
        )
        return cls(
            IdIndex(arrays["ids"]),
            segments,
            arrays["in_segment"],
            customer_tiers,
            arrays["customer_tier"],
            state["value_kind"],
            arrays["health"],
            PackedJson(arrays["facts"], arrays["fact_offsets"]),
            {purpose: IdIndex(arrays[f"refused_{purpose}"]) for purpose in state["purposes"]},
        )

    def __len__(self) -> int:
        return len(self.index)

    def segments_of(self, row: int) -> list[str]:
        """The segments that a customer belongs to, in the order of the configuration; none for row -1."""
        return [] if row < 0 else [self.segments[place].name for place in np.flatnonzero(self.in_segment[row]).tolist()]

    def customer_tier_of(self, row: int) -> str | None:
        """The tier of a customer; None where none fits, and for row -1."""
        return (
            None if row < 0 or self.customer_tier[row] < 0 else self.customer_tiers[int(self.customer_tier[row])].name
        )

    def health_of(self, row: int) -> float | None:
        """The health of a customer; None for who was not scored, and for row -1."""
        return None if row < 0 or np.isnan(self.health[row]) else round(float(self.health[row]), 1)

    def facts_of(self, row: int) -> CustomerFacts:
        """What the tables say of a customer; nothing for row -1."""
        return NO_FACTS if row < 0 else _FACTS.decode(self.facts[row])

    def refused_by(self, customer_id: str) -> list[str]:
        """The purposes that a customer consents to no more."""
        return [purpose for purpose, index in self.refused.items() if index.find(customer_id) >= 0]


def _facts(
    figures: Mapping[str, np.ndarray], attributes: Mapping[str, np.ndarray], order: np.ndarray
) -> Iterator[CustomerFacts]:
    counted, said = ({name: column[order].tolist() for name, column in told.items()} for told in (figures, attributes))
    for row in range(len(order)):
        yield CustomerFacts(KeyFigures(**_known(counted, row)), _known(said, row))


def _known(columns: Mapping[str, list], row: int) -> dict[str, Any]:
    """One row's values by name, without the missing ones: '' and NaN, which is not equal to itself."""
    values = ((name, column[row]) for name, column in columns.items())
    return {name: value for name, value in values if value != "" and value == value}
