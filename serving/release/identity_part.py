"""Which customer an alias is: the links of the `identities` table and of `identify` events that a release contains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.artifact import Artifact
from serving.release.lookup import IdIndex, TextColumn

NAME = "identities"
UNDATED = np.iinfo(np.int64).min
"The time of a link that has always been known; every other one is newer."


class AliasLink(NamedTuple):
    """The id that an alias was linked to last; it may be an alias of another one."""

    customer_id: str
    linked_at: int
    "Microseconds since 1970, UTC; UNDATED without a time."


@dataclass(frozen=True, kw_only=True)
class IdentityPart:
    """The newest link of each alias. Row i belongs to the i-th id of the index."""

    index: IdIndex
    "Aliases: visitors, apps, earlier ids."
    customers: TextColumn
    linked_at: NDArray[np.int64]
    "(n,) microseconds since 1970, UTC."

    @classmethod
    def of(
        cls, aliases: NDArray[np.str_], *, customers: NDArray[np.str_], linked_at: NDArray[np.int64]
    ) -> IdentityPart:
        """Store links, (n,); each alias occurs once."""
        index, order = IdIndex.of(aliases)
        return cls(index=index, customers=TextColumn.of(customers[order].tolist()), linked_at=linked_at[order])

    def find(self, alias: str) -> AliasLink | None:
        """The link of an alias; None without one."""
        row = self.index.find(alias)
        return None if row < 0 else AliasLink(self.customers[row], int(self.linked_at[row]))

    def to_artifacts(self) -> dict[str, Artifact]:
        """The part as one folder of a release."""
        arrays = {"ids": self.index.ids, "linked_at": self.linked_at, **self.customers.to_arrays("customers")}
        return {NAME: Artifact(NAME, {}, arrays)}

    @classmethod
    def from_artifacts(cls, artifacts: Mapping[str, Artifact]) -> IdentityPart:
        """The part from all folders of a release."""
        arrays = artifacts[NAME].arrays
        return cls(
            index=IdIndex(arrays["ids"]),
            customers=TextColumn.from_arrays(arrays, "customers"),
            linked_at=arrays["linked_at"],
        )
