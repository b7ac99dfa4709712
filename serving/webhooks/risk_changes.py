"""Finds the customers whose risk level changes with a release, and puts an event for each into the outbox.

    compared last     active
    release A  -----> release B      one event for each customer with another level in B; then B was compared last

The outbox stores which release was compared last, after all events of the comparison. So an interruption loses none:
the next comparison begins at the same release, and an event has the same id again. A customer who is scored in only one
of the two releases has no change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.errors import BrokenArtifact, NotFound, SourceUnavailable
from core.ids import digest_of
from core.webhooks import EventType, RiskChange
from models.artifact import Artifact
from serving.release.churn_part import NAME, RISK_LEVELS, ChurnPart
from serving.release.release import read_description
from serving.release.releases import Releases
from serving.webhooks.outbox import Outbox

ROWS = 2_000
"Events that are made and stored at once."


@dataclass(frozen=True)
class ReleasedRisk:
    """The risk levels of one release. Its arrays stay readable when the release is deleted."""

    release_id: str
    cutoff: date
    churn: ChurnPart

    @classmethod
    def read(cls, folder: Path) -> ReleasedRisk | None:
        """The risk levels in a release's folder; None where there are none, or where they cannot be read."""
        try:
            description = read_description(folder)
            if not (folder / NAME).is_dir():
                return None
            churn = ChurnPart.from_artifacts({NAME: Artifact.read(folder / NAME, memory_map=True)})
        except (BrokenArtifact, LookupError):
            return None
        return cls(description.release_id, description.cutoff, churn)

    @classmethod
    def read_active(cls, releases: Releases) -> ReleasedRisk | None:
        """The risk levels of the active release."""
        try:
            return cls.read(releases.folder / releases.active().release_id)
        except (NotFound, BrokenArtifact, SourceUnavailable):
            return None


def record_risk_changes(outbox: Outbox, releases: Releases, *, before: ReleasedRisk | None, now: datetime) -> int:
    """Compare the active release with the one that was compared last, and store an event for each change.

    `before` was active before; it counts where the one compared last is unknown or gone. Returns the number of changes:
    none for a first release, and none where the active release has no churn scores, which is then compared with no
    other one. Memory is bounded by `ROWS` events and a few numbers per customer.
    """
    active = ReleasedRisk.read_active(releases)
    if active is None:
        return 0
    compared = outbox.read_compared_release()
    if compared == active.release_id:
        return 0
    if compared is not None and (before is None or before.release_id != compared):
        before = ReleasedRisk.read(releases.folder / compared) or before
    rows = np.empty((0, 2), dtype=np.int64) if before is None else find_changed_rows(before.churn, active.churn)
    if before is not None:
        for start in range(0, len(rows), ROWS):
            changes = _changes(before, active, rows=rows[start : start + ROWS])
            events = [(_id_of(outbox.data_set, change), msgspec.json.encode(change)) for change in changes]
            outbox.add(EventType.RISK_CHANGED, events, now=now)
    outbox.set_compared_release(active.release_id)
    return len(rows)


def find_changed_rows(before: ChurnPart, after: ChurnPart) -> NDArray[np.int64]:
    """(k, 2) rows before and after of the customers with another risk level."""
    ids = after.index.ids
    if not len(before.index.ids) or not len(ids):
        return np.empty((0, 2), dtype=np.int64)
    rows_after = np.flatnonzero(before.index.contains(ids))
    rows_before = np.searchsorted(before.index.ids, ids[rows_after].astype(before.index.ids.dtype))
    is_changed = before.risk_level[rows_before] != after.risk_level[rows_after]
    return np.column_stack([rows_before[is_changed], rows_after[is_changed]])


def _changes(before: ReleasedRisk, after: ReleasedRisk, *, rows: NDArray[np.int64]) -> Iterator[RiskChange]:
    customer_ids: list[bytes] = after.churn.index.ids[rows[:, 1]].tolist()
    for customer_id, (row_before, row) in zip(customer_ids, rows.tolist(), strict=True):
        yield RiskChange(
            customer_id=customer_id.decode(),
            risk_level_before=RISK_LEVELS[before.churn.risk_level[row_before]],
            risk_level=RISK_LEVELS[after.churn.risk_level[row]],
            churn_probability_before=float(before.churn.probability[row_before]),
            churn_probability=float(after.churn.probability[row]),
            release_id_before=before.release_id,
            release_id=after.release_id,
            cutoff_before=before.cutoff,
            cutoff=after.cutoff,
        )


def _id_of(data_set: str, change: RiskChange) -> str:
    return digest_of([data_set, change.customer_id, change.release_id_before, change.release_id])
