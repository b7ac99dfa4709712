"""The best hour and weekday of a contact with each customer, and what they come from, as a release stores them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.release.lookup import TextColumn


@dataclass(frozen=True, kw_only=True)
class SendSlots:
    """For n customers; every array is (n,)."""

    hours: NDArray[np.int64]
    "0 to 23, local time; -1 where unknown."
    weekdays: NDArray[np.int64]
    "0 is Monday; -1 where no weekday is better than another."
    hour_sources: NDArray[np.str_]
    "In words."
    weekday_sources: NDArray[np.str_]
    "In words."

    def describe(self, row: int) -> str:
        """What the hour and the weekday of one customer come from."""
        return f"hour: {self.hour_sources[row]}; weekday: {self.weekday_sources[row]}"


@dataclass(frozen=True, kw_only=True)
class StoredSendSlots:
    """The same in arrays that are read from disk."""

    hours: NDArray[np.int8]
    weekdays: NDArray[np.int8]
    hour_sources: TextColumn
    weekday_sources: TextColumn

    @classmethod
    def of(cls, slots: SendSlots, order: NDArray[np.int64]) -> StoredSendSlots:
        """The customers in the order of these rows."""
        return cls(
            hours=slots.hours[order].astype(np.int8),
            weekdays=slots.weekdays[order].astype(np.int8),
            hour_sources=TextColumn.of(slots.hour_sources[order].tolist()),
            weekday_sources=TextColumn.of(slots.weekday_sources[order].tolist()),
        )

    def take(self, rows: NDArray[np.int64]) -> SendSlots:
        """The customers in these rows."""
        return SendSlots(
            hours=self.hours[rows].astype(np.int64),
            weekdays=self.weekdays[rows].astype(np.int64),
            hour_sources=self.hour_sources.take(rows),
            weekday_sources=self.weekday_sources.take(rows),
        )

    def to_arrays(self, prefix: str) -> dict[str, NDArray[Any]]:
        """The arrays under names that begin with a prefix."""
        arrays: dict[str, NDArray[Any]] = {f"{prefix}_hours": self.hours, f"{prefix}_weekdays": self.weekdays}
        for name in ("hour_sources", "weekday_sources"):
            arrays |= getattr(self, name).to_arrays(f"{prefix}_{name}")
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], prefix: str) -> StoredSendSlots:
        """The slots that were stored under a prefix."""
        return cls(
            hours=arrays[f"{prefix}_hours"],
            weekdays=arrays[f"{prefix}_weekdays"],
            hour_sources=TextColumn.from_arrays(arrays, f"{prefix}_hour_sources"),
            weekday_sources=TextColumn.from_arrays(arrays, f"{prefix}_weekday_sources"),
        )
