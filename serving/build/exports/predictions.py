"""Export of one event: one row per customer, most likely first, with reasons, value and owner."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from core.errors import NotFound
from core.model_kinds import PREDICT
from serving.build.exports.files import (
    BLOCK_ROWS,
    REASON_COLUMNS,
    SOURCE_COLUMNS,
    Export,
    ExportOptions,
    Rows,
    source_columns,
)
from serving.build.exports.scores import describe_relations, describe_scored
from serving.release.predict_part import EventScores
from serving.release.release import Release

COLUMNS = pa.schema(
    [
        ("customer_id", pa.string()),
        ("event", pa.string()),
        ("probability", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        *REASON_COLUMNS,
        ("value", pa.float64()),
        ("value_kind", pa.string()),
        ("currency", pa.string()),
        ("segment", pa.string()),
        ("owner", pa.string()),
        ("contact_allowed", pa.bool_()),
        ("account_id", pa.string()),
        ("horizon_days", pa.int32()),
        *SOURCE_COLUMNS,
    ]
)


def prediction_rows(release: Release, options: ExportOptions) -> Rows:
    """Yield every customer's probability of the event, highest first. Raises NotFound where it is not released."""
    scores = event_scores(release, options)
    source = source_columns(release, f"{PREDICT.name}.{options.event}")
    order = np.argsort(-scores.probability, kind="stable")
    for start in range(0, len(order), BLOCK_ROWS):
        block = order[start : start + BLOCK_ROWS].tolist()
        yield [describe_prediction(release, scores, row=row, event=options.event) | source for row in block]


def event_scores(release: Release, options: ExportOptions) -> EventScores:
    """The scores of the event of the options. Raises NotFound for an event that the release does not have."""
    events = {} if release.predict is None else release.predict.events
    if options.event not in events:
        reason = release.description.missing.get(f"{PREDICT.name}.{options.event}")
        reason = reason or f"there are: {', '.join(events) or 'none'}"
        raise NotFound(f"release {release.description.release_id} has no event '{options.event}': {reason}")
    return events[options.event]


def describe_prediction(release: Release, scores: EventScores, *, row: int, event: str) -> dict[str, Any]:
    """The columns of the customer in a row of the event's scores, without those of the source."""
    return {
        **describe_relations(release, scores.index.name(row), probability=None),
        **describe_scored(scores, row, outcome="event"),
        "event": event,
        "probability": float(scores.probability[row]),
    }


def _count_excluded(release: Release, options: ExportOptions) -> int:
    return event_scores(release, options).n_excluded


EXPORT = Export(
    columns=COLUMNS,
    rows=prediction_rows,
    n_excluded=_count_excluded,
    percentages=frozenset({"probability", "low", "high"}),
)
