"""From the newest day that `kizuna health` judged to what a release says of everybody's health."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.health import DIMENSIONS, HealthRecord, newest_health_file
from serving.release.health_part import HealthPart

OLDEST_DAYS = 28
"A judgement that lies further back than what it compares itself with is no news of anybody."


def health_part(folder: Path, cutoff: date, unwilling: np.ndarray) -> tuple[HealthPart | None, str]:
    """The part, or None and why there is none: '' where health was never judged, for then nothing is missing.

    Of the `unwilling`, ids, nothing is kept.
    """
    path = newest_health_file(folder, cutoff)
    if path is None:
        return None, ""
    if path.stem < (cutoff - timedelta(days=OLDEST_DAYS)).isoformat():
        return None, f"last judged on {path.stem}, over {OLDEST_DAYS} days before {cutoff}; run `kizuna health`"
    try:
        found = pq.read_table(path)
        judged = list(_judged(found))
    except (pa.ArrowException, KeyError, TypeError, OSError, msgspec.ValidationError) as fault:
        return None, f"{path} cannot be read ({fault}); remove it and run `kizuna health` again"
    return HealthPart.of(np.array(found["customer_id"].to_pylist(), dtype=str), judged, unwilling), ""


def _judged(found: pa.Table) -> Iterator[HealthRecord]:
    """Every row of a day's file, scores to one decimal."""
    rounded = {
        name: [None if value is None else round(value, 1) for value in found[name].to_pylist()]
        for name in ("health", "change_7d", "change_28d", *DIMENSIONS)
    }
    as_they_are = ("band", "band_since", "dropped_most", "dropped_on", "reasons_en", "reasons_ja", "model_version")
    told = rounded | {name: found[name].to_pylist() for name in as_they_are}
    for row, scored_on in enumerate(found["cutoff"].to_pylist()):
        one = {name: values[row] for name, values in told.items()} | {"scored_on": scored_on}
        one["dimensions"] = {name: one.pop(name) for name in DIMENSIONS}
        yield msgspec.convert(one, HealthRecord)
