"""Builds the links of aliases that a release contains: its overlay knows only those that were reported since."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from serving.build.inputs import BuildInputs, BuiltPart
from serving.release.identity_part import UNDATED, IdentityPart
from serving.release.release import ReleasePart
from tables.engines.arrays import texts
from tables.identities import LINKED_AT, newest_links


def build_part(inputs: BuildInputs, parts: Mapping[str, ReleasePart | None]) -> BuiltPart:
    """Store the newest link of each alias at the cutoff; no part without any."""
    del parts
    now = inputs.tables.at(inputs.cutoff)
    if "identities" not in now:
        return BuiltPart(None)
    links = newest_links(now["identities"]).to_pyarrow()
    if not len(links):
        return BuiltPart(None)
    return BuiltPart(
        IdentityPart.of(
            texts(links["alias_id"]),
            customers=texts(links["customer_id"]),
            linked_at=_find_microseconds(links[LINKED_AT], inputs.config.time_zone),
        )
    )


def _find_microseconds(local: pa.ChunkedArray, time_zone: str) -> NDArray[np.int64]:
    """(n,) local times as microseconds since 1970, UTC; UNDATED for a missing one."""
    moments = pc.assume_timezone(  # pyright: ignore[reportAttributeAccessIssue]
        local.cast(pa.timestamp("us")), time_zone, ambiguous="earliest", nonexistent="latest"
    )
    return moments.cast(pa.int64()).fill_null(UNDATED).to_numpy()
