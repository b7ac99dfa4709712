"""Each day's health as a file, <day>.parquet, which the next day goes on from and anybody may read."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import BrokenArtifact
from core.health import BANDS, DIMENSIONS, health_file_before
from insights.health.bands import Standing
from insights.health.day import DAYS_BACK, NOBODY, HealthDay, Standings
from tables.engines.arrays import days, texts

CARRIED = ("customer_id", "band", "band_since", "dropped_on")
"What the next day needs."


def write_day(folder: Path, day: HealthDay, model_version: int | None) -> Path:
    """Write the day's file, whole or not at all; the same day written again is the same file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{day.cutoff}.parquet"
    beside = folder / f".{day.cutoff}.{os.getpid()}"
    try:
        pq.write_table(table_of(day, model_version), beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path


def table_of(day: HealthDay, model_version: int | None) -> pa.Table:
    """One row a customer, sorted by id."""
    n, names = len(day), np.array([str(band) for band in BANDS])
    return pa.table(
        {
            "customer_id": pa.array(day.customer_ids.tolist(), pa.string()),
            "cutoff": pa.array([day.cutoff] * n, pa.date32()),
            "health": day.health,
            "band": pa.array(names[day.standing.band].tolist(), pa.string()),
            "band_since": pa.array(day.standing.since, pa.date32()),
            **{f"change_{back}d": _numbers(day.health - day.health_before[back]) for back in DAYS_BACK},
            **{name: _numbers(day.dimensions[:, place]) for place, name in enumerate(DIMENSIONS)},
            "dropped_most": pa.array(np.array(DIMENSIONS)[day.dropped_most].tolist(), pa.string()),
            "dropped_on": pa.array(day.standing.dropped_on, pa.date32()),
            "reasons_en": pa.array(["; ".join(reason.en for reason in each) for each in day.reasons], pa.string()),
            "reasons_ja": pa.array(["、".join(reason.ja for reason in each) for each in day.reasons], pa.string()),
            "churn_probability": day.probability,
            "model_version": pa.array([model_version] * n, pa.int32()),
        }
    )


def standings_before(folder: Path, cutoff: date) -> Standings:
    """Where everybody stood on the newest day before a cutoff that has a file; nobody anywhere where there is none.

    Raises BrokenArtifact where that file is none of ours or damaged.
    """
    path = health_file_before(folder, cutoff)
    if path is None:
        return NOBODY
    try:
        found = pq.read_table(path, columns=list(CARRIED))
        names = [str(band) for band in BANDS]
        bands = np.array([names.index(name) for name in found["band"].to_pylist()], np.int64)
        standing = Standing(bands, days(found["band_since"]), days(found["dropped_on"]))
        return Standings(texts(found["customer_id"]), standing)
    except (pa.ArrowException, KeyError, ValueError, OSError) as fault:
        raise BrokenArtifact(f"{path} cannot be read ({fault}); remove it and run kizuna health again") from fault


def _numbers(values: np.ndarray) -> pa.Array:
    return pa.array(values, pa.float64(), from_pandas=True)
