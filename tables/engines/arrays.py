"""Hand-over between days, Ibis expressions and numpy arrays; every engine's results pass through here."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.window import Window


def within(time: ir.Value, window: Window) -> ir.BooleanValue:
    """Whether a local timestamp is in a window of local days; the first midnight is in it, the last is not."""
    return (time >= midnight(window.start)) & (time < midnight(window.end))


def midnight(day: date) -> ir.Value:
    """The moment at which a local day begins."""
    return ibis.timestamp(day.isoformat())


def texts(column: pa.ChunkedArray) -> NDArray[np.str_]:
    """A text column as (n,) 'U'; missing becomes ''."""
    return column.fill_null("").to_numpy(zero_copy_only=False).astype(str)


def numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """A numeric column as (n,) float64; missing becomes NaN."""
    return column.cast(pa.float64()).to_numpy(zero_copy_only=False)


def seconds(column: pa.ChunkedArray) -> NDArray[np.datetime64]:
    """A time column as (n,) datetime64[s], fractions cut off; missing becomes NaT."""
    return column.to_numpy(zero_copy_only=False).astype("datetime64[s]")


def days(column: pa.ChunkedArray) -> NDArray[np.datetime64]:
    """A time column as (n,) datetime64[D] of local days; missing becomes NaT."""
    return seconds(column).astype("datetime64[D]")
