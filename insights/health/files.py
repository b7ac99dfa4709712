"""Reads and writes one health file per day, <day>.parquet; the next day continues from it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.errors import BrokenArtifact
from core.files import replace_file
from core.health import BANDS, DIMENSIONS, health_file_before
from insights.health.bands import BandStates
from insights.health.day import DAYS_BACK, NO_BANDS, HealthDay, PreviousBands
from tables.engines.arrays import days, texts

STATE_COLUMNS = ("customer_id", "band", "band_since", "dropped_on")
"What the next day needs."
LATER_COLUMNS = ("dropped_from", "dropped_to")
"The same, in files that this version has written."


def write_day(folder: Path, day: HealthDay, *, model_version: int | None) -> Path:
    """Write the day's file, whole or not at all. Writing the same day again gives the same bytes."""
    path = folder / f"{day.cutoff}.parquet"
    with replace_file(path) as temporary:
        pq.write_table(table_of(day, model_version), temporary)
    return path


def table_of(day: HealthDay, model_version: int | None) -> pa.Table:
    """One row per customer, sorted by id."""
    n, names = len(day), np.array([str(band) for band in BANDS])
    return pa.table(
        {
            "customer_id": pa.array(day.customer_ids.tolist(), pa.string()),
            "cutoff": pa.array([day.cutoff] * n, pa.date32()),
            "health": day.health,
            "band": pa.array(names[day.states.band].tolist(), pa.string()),
            "band_since": pa.array(day.states.since, pa.date32()),
            **{f"change_{back}d": _numbers(day.health - day.health_before[back]) for back in DAYS_BACK},
            **{name: _numbers(day.dimensions[:, place]) for place, name in enumerate(DIMENSIONS)},
            "dropped_most": pa.array(np.array(DIMENSIONS)[day.dropped_most].tolist(), pa.string()),
            "dropped_on": pa.array(day.states.dropped_on, pa.date32()),
            "dropped_from": _numbers(day.states.dropped_from),
            "dropped_to": _numbers(day.states.dropped_to),
            "reasons_en": pa.array(["; ".join(reason.en for reason in each) for each in day.reasons], pa.string()),
            "reasons_ja": pa.array(["、".join(reason.ja for reason in each) for each in day.reasons], pa.string()),
            "churn_probability": day.probability,
            "model_version": pa.array([model_version] * n, pa.int32()),
        }
    )


def read_previous_bands(folder: Path, cutoff: date) -> PreviousBands:
    """Read the band states of the newest day before a cutoff; NO_BANDS without one.

    Raises BrokenArtifact where the file is damaged or not a health file.
    """
    path = health_file_before(folder, cutoff)
    if path is None:
        return NO_BANDS
    try:
        later = [name for name in LATER_COLUMNS if name in pq.read_schema(path).names]
        rows = pq.read_table(path, columns=[*STATE_COLUMNS, *later])
        names = [str(band) for band in BANDS]
        bands = np.array([names.index(name) for name in rows["band"].to_pylist()], np.int64)
        scores = (_read_numbers(rows, name) for name in LATER_COLUMNS)
        states = BandStates(bands, days(rows["band_since"]), days(rows["dropped_on"]), *scores)
        return PreviousBands(texts(rows["customer_id"]), states)
    except (pa.ArrowException, KeyError, ValueError, OSError) as fault:
        raise BrokenArtifact(f"{path} cannot be read ({fault}); remove it and run kizuna health again") from fault


def _read_numbers(rows: pa.Table, name: str) -> NDArray[np.float64]:
    """A column of numbers; NaN where an earlier version wrote the file without it."""
    if name not in rows.column_names:
        return np.full(len(rows), np.nan)
    return rows[name].to_numpy().astype(np.float64)


def _numbers(values: NDArray[np.float64]) -> pa.Array:
    return pa.array(values, pa.float64(), from_pandas=True)
