"""Export of the customers of one segment or customer tier, for a mailing or a call list.

Customers who have refused to be contacted are excluded.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.errors import NotFound, did_you_mean
from core.segmentation import SegmentFigures
from serving.build.exports.files import BLOCK_ROWS, Export, ExportOptions, Rows
from serving.build.exports.scores import describe_relations
from serving.release.release import UNPUBLISHED, Release

COLUMNS = pa.schema(
    [
        ("customer_id", pa.string()),
        ("segment", pa.string()),
        ("action", pa.string()),
        ("owner", pa.string()),
        ("account_id", pa.string()),
        ("value", pa.float64()),
        ("value_kind", pa.string()),
        ("currency", pa.string()),
        ("churn_probability", pa.float64()),
        ("risk_level", pa.string()),
        ("expected_loss", pa.float64()),
        ("cutoff", pa.date32()),
        ("release_id", pa.string()),
    ]
)


def member_rows(release: Release, options: ExportOptions) -> Rows:
    """Yield the segment's customers who may be contacted, sorted by id."""
    group, rows = find_members(release, options.segment)
    may_be_contacted = rows[~_has_refused(release, rows)]
    for start in range(0, len(may_be_contacted), BLOCK_ROWS):
        yield [_describe(release, row, group=group) for row in may_be_contacted[start : start + BLOCK_ROWS].tolist()]


def find_members(release: Release, name: str) -> tuple[SegmentFigures, NDArray[np.int64]]:
    """A segment or customer tier, and its rows in the release. Raises NotFound for an unknown name."""
    segments = release.segments
    group_and_rows = None if segments is None else segments.members_of(name)
    if group_and_rows is None:
        names = [group.name for group in segments.groups] if segments else []
        hint = did_you_mean(name, names) or "; define one under [segments]"
        if release.description.release_id == UNPUBLISHED:
            raise NotFound(f"no segment '{name}'{hint}")
        raise NotFound(
            f"release {release.description.release_id} has no segment '{name}'{hint}; a new one needs `kizuna release`"
        )
    return group_and_rows


def _describe(release: Release, row: int, *, group: SegmentFigures) -> dict[str, object]:
    segments, churn = release.segments, release.churn
    assert segments is not None
    customer_id = segments.index.name(row)
    probability = None if churn is None else churn.probability_of(customer_id)
    risk_level = None if churn is None else churn.risk_level_of(customer_id)
    return describe_relations(release, customer_id, probability=probability) | {
        "customer_id": customer_id,
        "segment": group.name,
        "action": group.action,
        "churn_probability": probability,
        "risk_level": risk_level,
        "cutoff": release.description.cutoff,
        "release_id": release.description.release_id,
    }


def _has_refused(release: Release, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the customer of each row, (k,), has refused to be contacted."""
    segments = release.segments
    if segments is None or "contact" not in segments.opted_out:
        return np.zeros(len(rows), np.bool_)
    return np.isin(segments.index.ids[rows], segments.opted_out["contact"].ids)


def _count_excluded(release: Release, options: ExportOptions) -> int:
    _, rows = find_members(release, options.segment)
    return int(_has_refused(release, rows).sum())


EXPORT = Export(
    columns=COLUMNS,
    rows=member_rows,
    n_excluded=_count_excluded,
    percentages=frozenset({"churn_probability"}),
)
