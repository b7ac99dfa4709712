"""Builds the health of a release from the newest day that `kizuna health` has written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.health import DIMENSIONS, HealthRecord, newest_health_file
from serving.build.inputs import BuildInputs, BuiltPart
from serving.release.health_part import HealthPart
from serving.release.release import ReleasePart

MAX_AGE_DAYS = 28
"Health older than the period over which changes are measured is not released."


def build_part(inputs: BuildInputs, parts: Mapping[str, ReleasePart | None]) -> BuiltPart:
    """Read the health of every customer who consents to scoring."""
    del parts
    return read_health(inputs.config.places.health, inputs.cutoff, opted_out=inputs.scoring_opt_outs)


def read_health(folder: Path, cutoff: date, *, opted_out: NDArray[np.str_]) -> BuiltPart:
    """Read the newest day up to the cutoff, without the ids that opted out.

    If `kizuna health` never ran there is no part, and no reason either: nothing is missing then.
    """
    path = newest_health_file(folder, cutoff)
    if path is None:
        return BuiltPart(None)
    if path.stem < (cutoff - timedelta(days=MAX_AGE_DAYS)).isoformat():
        return BuiltPart(
            None, f"last computed on {path.stem}, over {MAX_AGE_DAYS} days before {cutoff}; run `kizuna health`"
        )
    try:
        table = pq.read_table(path)
        records = list(_records(table))
    except (pa.ArrowException, KeyError, TypeError, OSError, msgspec.ValidationError) as error:
        return BuiltPart(None, f"{path} cannot be read ({error}); remove it and run `kizuna health` again")
    customer_ids = np.array(table["customer_id"].to_pylist(), dtype=str)
    return BuiltPart(HealthPart.of(customer_ids, records, opted_out=opted_out))


def _records(table: pa.Table) -> Iterator[HealthRecord]:
    """The rows of a day's file; scores are rounded to one decimal. A dimension that it does not have is unknown."""
    columns = {
        name: [None if value is None else round(value, 1) for value in table[name].to_pylist()]
        for name in ("health", "change_7d", "change_28d", *(name for name in DIMENSIONS if name in table.column_names))
    }
    unchanged = ("band", "band_since", "dropped_most", "dropped_on", "reasons_en", "reasons_ja", "model_version")
    columns |= {name: table[name].to_pylist() for name in unchanged}
    for row, scored_on in enumerate(table["cutoff"].to_pylist()):
        values = {name: column[row] for name, column in columns.items()} | {"scored_on": scored_on}
        values["dimensions"] = {name: values.pop(name, None) for name in DIMENSIONS}
        yield msgspec.convert(values, HealthRecord)
