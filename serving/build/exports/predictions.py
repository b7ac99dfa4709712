"""Export of one event: one row per customer, most likely first, with reasons, value and owner."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from core.errors import NotFound
from core.i18n.translation import ENGLISH, JAPANESE
from core.model_kinds import PREDICT
from core.scores import Reason
from serving.build.exports.files import BLOCK_ROWS, Export, ExportOptions, Rows, source_columns
from serving.build.exports.scores import SEPARATOR, bound_or_none, describe_relations
from serving.release.predict_part import EventScores
from serving.release.release import Release

COLUMNS = pa.schema(
    [
        ("customer_id", pa.string()),
        ("event", pa.string()),
        ("probability", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("reasons_en", pa.string()),
        ("reasons_ja", pa.string()),
        ("reason_codes", pa.string()),
        ("reason_directions", pa.string()),
        ("value", pa.float64()),
        ("value_kind", pa.string()),
        ("currency", pa.string()),
        ("segment", pa.string()),
        ("owner", pa.string()),
        ("contact_allowed", pa.bool_()),
        ("account_id", pa.string()),
        ("horizon_days", pa.int32()),
        ("cutoff", pa.date32()),
        ("model", pa.string()),
        ("model_version", pa.int32()),
        ("is_baseline", pa.bool_()),
        ("release_id", pa.string()),
    ]
)
_REASONS = msgspec.json.Decoder(list[Reason])


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
    customer_id, probability = scores.index.name(row), float(scores.probability[row])
    reasons = _REASONS.decode(scores.reasons[row])
    return describe_relations(release, customer_id, probability=None) | {
        "customer_id": customer_id,
        "event": event,
        "probability": probability,
        "low": bound_or_none(float(scores.low[row])),
        "high": bound_or_none(float(scores.high[row])),
        "reasons_en": SEPARATOR.join(reason.mark(ENGLISH, outcome="event") for reason in reasons),
        "reasons_ja": "、".join(reason.mark(JAPANESE, outcome="event") for reason in reasons),
        "reason_codes": SEPARATOR.join(reason.code for reason in reasons),
        "reason_directions": SEPARATOR.join(reason.direction for reason in reasons),
        "horizon_days": scores.horizon_days,
    }


def _count_excluded(release: Release, options: ExportOptions) -> int:
    return event_scores(release, options).n_excluded


EXPORT = Export(
    columns=COLUMNS,
    rows=prediction_rows,
    n_excluded=_count_excluded,
    percentages=frozenset({"probability", "low", "high"}),
)
