"""What each treatment changes for the customers of a release, and which customers must never get it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.effects import Effects
from core.model_kinds import UPLIFT
from models.artifact import Artifact
from serving.release.lookup import IdIndex

NAME = UPLIFT.name
ARRAYS = ("effect", "low", "high", "without")
COMMON = "common_"


class TreatmentEffect(msgspec.Struct, frozen=True, kw_only=True):
    """What one treatment changes for one customer."""

    treatment: str
    "An offer, or what `[uplift] treatment` names."
    effect: float
    "The expected outcome with the treatment minus the one without."
    low: float
    "Lower bound of the 90 % interval."
    high: float
    "Upper bound of the 90 % interval."
    without: float
    "The expected outcome without the treatment."
    never_send: bool
    "Whether the upper bound is below 0: the treatment harms this customer."


@dataclass(frozen=True, kw_only=True)
class UpliftPart:
    """Row i belongs to the i-th id of the index. Customers who opted out of scoring are not in it."""

    index: IdIndex
    effects: Effects
    outcome: str
    "What the effects are measured in, in words."
    common: Effects | None = None
    "The effect of offers that were not measured: by kind, and of any kind by ''; None where too few were measured."

    @classmethod
    def of(
        cls, effects: Effects, *, outcome: str, opted_out: NDArray[np.str_], common: Effects | None = None
    ) -> UpliftPart:
        """Store the effects of one cutoff, one row per customer, without the ids that opted out."""
        index, rows = IdIndex.without(effects.customer_ids, opted_out)
        return cls(
            index=index,
            effects=effects.take(rows),
            outcome=outcome,
            common=None if common is None else common.take(rows),
        )

    @cached_property
    def averages(self) -> Effects:
        """The mean effects over all customers, n = 1."""
        return self.effects.average()

    @cached_property
    def common_averages(self) -> Effects | None:
        """The same of the common effects."""
        return None if self.common is None else self.common.average()

    def to_artifacts(self) -> dict[str, Artifact]:
        """The part as one folder of a release."""
        state: dict[str, Any] = {**_state_of(self.effects), "outcome": self.outcome}
        arrays = {"ids": self.index.ids} | {name: getattr(self.effects, name) for name in ARRAYS}
        if self.common is not None:
            state["common"] = _state_of(self.common)
            arrays |= {f"{COMMON}{name}": getattr(self.common, name) for name in ARRAYS}
        return {NAME: Artifact("treatment_effects", state, arrays)}

    @classmethod
    def from_artifacts(cls, artifacts: Mapping[str, Artifact]) -> UpliftPart:
        """The part that was stored."""
        arrays, state = artifacts[NAME].arrays, artifacts[NAME].state
        return cls(
            index=IdIndex(arrays["ids"]),
            effects=_load_effects(arrays, state, prefix=""),
            outcome=state["outcome"],
            common=_load_effects(arrays, state["common"], prefix=COMMON) if "common" in state else None,
        )

    def effects_of(self, customer_id: str) -> list[TreatmentEffect] | None:
        """The effect of each treatment on one customer; None for a customer without effects."""
        row = self.index.find(customer_id)
        if row < 0:
            return None
        effects = self.effects
        return [
            TreatmentEffect(
                treatment=treatment,
                **{name: float(getattr(effects, name)[row, place]) for name in ARRAYS},
                never_send=bool(effects.never_send[row, place]),
            )
            for place, treatment in enumerate(effects.treatments)
        ]


def _state_of(effects: Effects) -> dict[str, Any]:
    return {name: list(getattr(effects, name)) for name in ("treatments", "by_activity", "unshown")}


def _load_effects(arrays: Mapping[str, NDArray[Any]], state: Mapping[str, Any], *, prefix: str) -> Effects:
    """The effects whose arrays have names with this prefix; earlier releases lack what has a default here."""
    return Effects(
        customer_ids=arrays["ids"],
        treatments=tuple(state["treatments"]),
        by_activity=tuple(state.get("by_activity", ())),
        unshown=tuple(state.get("unshown", ())),
        **{name: arrays[f"{prefix}{name}"] for name in ARRAYS},
    )
