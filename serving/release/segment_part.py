"""The customers of a release with key figures, attributes, customer tier and segments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.segmentation import Segmentation, SegmentFigures, ValueKind, YearlyValueKind
from models.artifact import Artifact
from serving.release.lookup import IdIndex, PackedJson, TextColumn

NAME = "segments"


class KeyFigures(msgspec.Struct, frozen=True):
    """The key figures of one customer; null if unknown."""

    recency_days: float | None = None
    "Days since the last purchase, or use."
    frequency: float | None = None
    "Orders in 365 days; days with usage where the data set has no purchases."
    revenue_365d: float | None = None
    "Purchases minus returns in 365 days, base currency."
    mrr: float | None = None
    "Monthly price of active subscriptions, base currency."
    tenure_days: float | None = None
    "Days since the first subscription, purchase or use."


class LoyaltyStanding(msgspec.Struct, frozen=True):
    """Points and rank of one customer; null if unknown."""

    points_balance: float | None = None
    points_expiring_30d: float | None = None
    "Points that expire within the 30 days after the cutoff."
    rank: str | None = None
    "The highest of `[loyalty.ranks]` that is reached; null below the lowest."
    next_rank: str | None = None
    "Null at the highest."
    distance_to_next_rank: float | None = None
    "What is missing to the next rank, in `rank_unit`."
    rank_unit: str | None = None
    "'points' or, where spend decides, the base currency; null without ranks."


class CustomerFacts(msgspec.Struct, frozen=True):
    """The key figures and attributes of one customer."""

    figures: KeyFigures
    attributes: dict[str, str | float]
    "The attributes that the configuration lists, without unknown ones."
    loyalty: LoyaltyStanding | None = None
    "Null where the data set has neither points nor ranks."


@dataclass(frozen=True, kw_only=True)
class Relations:
    """What each customer, (n,), is worth to the business, and who looks after them."""

    yearly_value_kind: YearlyValueKind
    yearly_value: NDArray[np.float64]
    "(n,) base currency; NaN if unknown."
    owners: Sequence[str]
    "(n,) '' for none."
    account_ids: Sequence[str]
    "(n,) '' for none."

    @classmethod
    def unknown(cls, n_customers: int) -> Relations:
        """Nothing is known of any customer."""
        nothing = [""] * n_customers
        unknown = np.full(n_customers, np.nan)
        return cls(yearly_value_kind="", yearly_value=unknown, owners=nothing, account_ids=nothing)


NO_FACTS = CustomerFacts(KeyFigures(), {})
_DECODER = msgspec.json.Decoder(CustomerFacts)


@dataclass(frozen=True, kw_only=True)
class SegmentPart:
    """Row i belongs to the i-th id of the index."""

    index: IdIndex
    segments: tuple[SegmentFigures, ...]
    in_segment: NDArray[np.bool_]
    "(n, segments)."
    customer_tiers: tuple[SegmentFigures, ...]
    customer_tier: NDArray[np.int16]
    "(n,) index into customer_tiers, -1 for none."
    value_kind: ValueKind
    yearly_value_kind: YearlyValueKind
    yearly_value: NDArray[np.float64]
    "(n,) margin or revenue of the last 365 days, base currency; NaN if unknown."
    owners: TextColumn
    "(n,) who looks after the customer; '' for none."
    account_ids: TextColumn
    "(n,) the account that the customer belongs to; '' for none."
    health: NDArray[np.float32]
    "(n,) 0 to 100; NaN for customers without a score."
    facts: PackedJson
    "(n,) `CustomerFacts`."
    opted_out: Mapping[str, IdIndex]
    "By purpose, all ids without consent, whether in the cohort or not."

    @classmethod
    def of(
        cls,
        segmentation: Segmentation,
        figures: Mapping[str, NDArray[np.float64]],
        *,
        attributes: Mapping[str, NDArray[Any]],
        opted_out: Mapping[str, NDArray[np.str_]],
        relations: Relations | None = None,
        loyalty: Mapping[str, NDArray[Any]] | None = None,
        seed: int = 0,
    ) -> SegmentPart:
        """Store the customers of one cutoff.

        Figures, attributes and what is known of loyalty are by name, (n,) each, with NaN and '' for unknown values.
        `opted_out` contains ids by purpose.
        """
        index, order = IdIndex.of(segmentation.customer_ids)
        related = relations or Relations.unknown(len(order))
        return cls(
            index=index,
            segments=segmentation.segment_figures(seed),
            in_segment=segmentation.in_segment[order],
            customer_tiers=segmentation.tier_figures(seed),
            customer_tier=segmentation.customer_tier[order],
            value_kind=segmentation.value_kind,
            yearly_value_kind=related.yearly_value_kind,
            yearly_value=related.yearly_value[order],
            owners=TextColumn.of([related.owners[int(row)] for row in order]),
            account_ids=TextColumn.of([related.account_ids[int(row)] for row in order]),
            health=segmentation.health[order].astype(np.float32),
            facts=PackedJson.of(_facts(figures, attributes, loyalty or {}, order=order)),
            opted_out={purpose: IdIndex.of(ids)[0] for purpose, ids in opted_out.items()},
        )

    def to_artifacts(self) -> dict[str, Artifact]:
        """The part as one folder of a release."""
        arrays = {
            "ids": self.index.ids,
            "in_segment": self.in_segment,
            "customer_tier": self.customer_tier,
            "health": self.health,
            "yearly_value": self.yearly_value,
            "owners": self.owners.words,
            "owner": self.owners.codes,
            "account_ids": self.account_ids.words,
            "account_id": self.account_ids.codes,
            "facts": self.facts.content,
            "fact_offsets": self.facts.offsets,
            **{f"opted_out_{purpose}": index.ids for purpose, index in self.opted_out.items()},
        }
        state = {
            "segments": self.segments,
            "customer_tiers": self.customer_tiers,
            "value_kind": self.value_kind,
            "yearly_value_kind": self.yearly_value_kind,
            "purposes": list(self.opted_out),
        }
        return {NAME: Artifact("segments", msgspec.to_builtins(state), arrays)}

    @classmethod
    def from_artifacts(cls, artifacts: Mapping[str, Artifact]) -> SegmentPart:
        """The part that was stored."""
        arrays, state = artifacts[NAME].arrays, artifacts[NAME].state
        return cls(
            index=IdIndex(arrays["ids"]),
            segments=msgspec.convert(state["segments"], tuple[SegmentFigures, ...]),
            in_segment=arrays["in_segment"],
            customer_tiers=msgspec.convert(state["customer_tiers"], tuple[SegmentFigures, ...]),
            customer_tier=arrays["customer_tier"],
            value_kind=state["value_kind"],
            yearly_value_kind=state["yearly_value_kind"],
            yearly_value=arrays["yearly_value"],
            owners=TextColumn(arrays["owners"], arrays["owner"]),
            account_ids=TextColumn(arrays["account_ids"], arrays["account_id"]),
            health=arrays["health"],
            facts=PackedJson(arrays["facts"], arrays["fact_offsets"]),
            opted_out={purpose: IdIndex(arrays[f"opted_out_{purpose}"]) for purpose in state["purposes"]},
        )

    def __len__(self) -> int:
        return len(self.index)

    @property
    def groups(self) -> tuple[SegmentFigures, ...]:
        """The segments, then the customer tiers."""
        return (*self.segments, *self.customer_tiers)

    def members_of(self, name: str) -> tuple[SegmentFigures, NDArray[np.int64]] | None:
        """A segment, else a customer tier, of this name and its rows, (k,) rising; None if there is none."""
        for place, group in enumerate(self.segments):
            if group.name == name:
                return group, np.flatnonzero(self.in_segment[:, place])
        for place, group in enumerate(self.customer_tiers):
            if group.name == name:
                return group, np.flatnonzero(self.customer_tier == place)
        return None

    def segments_of(self, row: int) -> list[str]:
        """The segments of a customer, in the order of the configuration; none for row -1."""
        return [] if row < 0 else [self.segments[place].name for place in np.flatnonzero(self.in_segment[row]).tolist()]

    def customer_tier_of(self, row: int) -> str | None:
        """The tier of a customer; None if none fits, and for row -1."""
        if row < 0 or self.customer_tier[row] < 0:
            return None
        return self.customer_tiers[int(self.customer_tier[row])].name

    def health_of(self, row: int) -> float | None:
        """The health of a customer; None without a score, and for row -1."""
        return None if row < 0 or np.isnan(self.health[row]) else round(float(self.health[row]), 1)

    def yearly_value_of(self, row: int) -> float | None:
        """The margin or revenue of the last 365 days; None if unknown, and for row -1."""
        return None if row < 0 or np.isnan(self.yearly_value[row]) else float(self.yearly_value[row])

    def action_of(self, row: int) -> str:
        """The action of the customer's first segment that has one; '' for none, and for row -1."""
        if row < 0:
            return ""
        places = np.flatnonzero(self.in_segment[row]).tolist()
        return next((self.segments[place].action for place in places if self.segments[place].action), "")

    def facts_of(self, row: int) -> CustomerFacts:
        """The key figures and attributes of a customer; empty for row -1."""
        return NO_FACTS if row < 0 else _DECODER.decode(self.facts[row])

    def opt_outs_of(self, customer_id: str) -> list[str]:
        """The purposes to which a customer does not consent."""
        return [purpose for purpose, index in self.opted_out.items() if index.find(customer_id) >= 0]


def _facts(*columns: Mapping[str, NDArray[Any]], order: NDArray[np.int64]) -> Iterator[CustomerFacts]:
    """The facts of each customer, from key figures, attributes and what is known of loyalty."""
    lists = [{name: column[order].tolist() for name, column in group.items()} for group in columns]
    for row in range(len(order)):
        figures, attributes, loyalty = (_drop_missing(group, row) for group in lists)
        standing = LoyaltyStanding(**loyalty) if loyalty else None
        yield CustomerFacts(KeyFigures(**figures), attributes, standing)


def _drop_missing(columns: Mapping[str, list[Any]], row: int) -> dict[str, Any]:
    """One row's values by name, without '' and NaN (which does not equal itself)."""
    values = ((name, column[row]) for name, column in columns.items())
    return {name: value for name, value in values if value != "" and value == value}
