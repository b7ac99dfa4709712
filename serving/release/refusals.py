"""Who does not consent to contact, at all or through a channel, of the cohort or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.release.lookup import IdIndex

ARRAY = "refusing"


@dataclass(frozen=True, kw_only=True)
class Refusals:
    """Refusing customers; a customer without a recorded consent has not refused."""

    contact: IdIndex
    by_channel: Mapping[str, IdIndex] = field(default_factory=dict[str, IdIndex])
    "By name in lower case."

    @classmethod
    def of(cls, contact: NDArray[np.str_], by_channel: Mapping[str, NDArray[np.str_]]) -> Refusals:
        """Store the ids of the customers, sorted or not."""
        return cls(
            contact=IdIndex.of(contact)[0], by_channel={name: IdIndex.of(ids)[0] for name, ids in by_channel.items()}
        )

    def may_contact(self, customer_id: str) -> bool:
        """Whether the customer has not refused contact altogether."""
        return self.contact.find(customer_id) < 0

    def find_channels(self, customer_ids: NDArray[np.bytes_]) -> dict[str, NDArray[np.bool_]]:
        """(n,) whether each customer refuses a channel, for every channel that some customer refuses.

        The ids are written as a release stores them.
        """
        return {channel: refusing.contains(customer_ids) for channel, refusing in self.by_channel.items()}

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """The ids as arrays of a release; `by_channel` has their order."""
        places = enumerate(self.by_channel.values())
        return {ARRAY: self.contact.ids} | {f"{ARRAY}_{place}": one.ids for place, one in places}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], channels: Sequence[str]) -> Refusals:
        """The refusals that were stored."""
        by_channel = {name: IdIndex(arrays[f"{ARRAY}_{place}"]) for place, name in enumerate(channels)}
        return cls(contact=IdIndex(arrays[ARRAY]), by_channel=by_channel)
