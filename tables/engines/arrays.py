"""Moving between days, Ibis expressions and numpy arrays, the same way everywhere."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from core.window import Window


def within(time: ir.Value, window: Window) -> ir.BooleanValue:
    """Whether a local timestamp falls into a span of local days: its first midnight counts, its last does not."""
    return (time >= midnight(window.start)) & (time < midnight(window.end))


def midnight(day: date) -> ir.Value:
    """The moment at which a local day begins."""
    return ibis.timestamp(day.isoformat())


def texts(column: pa.ChunkedArray) -> np.ndarray:
    """A text column as a (n,) 'U' array; missing becomes ''."""
    return column.fill_null("").to_numpy(zero_copy_only=False).astype(str)


def numbers(column: pa.ChunkedArray) -> np.ndarray:
    """A numeric column as a (n,) float64 array; missing becomes NaN."""
    return column.cast(pa.float64()).to_numpy(zero_copy_only=False)


def seconds(column: pa.ChunkedArray) -> np.ndarray:
    """A time column as a (n,) datetime64[s] array, cut to whole seconds; missing becomes NaT."""
    return column.to_numpy(zero_copy_only=False).astype("datetime64[s]")


def days(column: pa.ChunkedArray) -> np.ndarray:
    """A time column as a (n,) datetime64[D] array of local days; missing becomes NaT."""
    return seconds(column).astype("datetime64[D]")
