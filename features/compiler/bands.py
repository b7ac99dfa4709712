"""From age bands to windows: running totals, youngest band first.

age in days     1 .. 7     8 .. 30     31 .. 90    older
bands             0           1            2         3
last 30 days    |------- 0 + 1 -------|
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from features.compiler.declaration import Aggregate

NEUTRAL = {"least": np.inf, "largest": -np.inf}
"What a customer without a row adds to the running total; 0 where not stated."

RUNNING = {"least": np.minimum, "largest": np.maximum}
"How bands are joined where not by addition."


@dataclass(frozen=True)
class Bands:
    """Rows (customer's position, band) with aggregates, sorted by band; no pair occurs twice."""

    rows: pa.Table
    order: np.ndarray
    "The rows sorted by band."
    ends: np.ndarray
    "(n_bands,) where each band ends in that order."

    @classmethod
    def of(cls, rows: pa.Table, n_bands: int) -> Bands:
        """Sort what the engine returned."""
        bands = rows["band"].to_numpy().astype(np.int8)
        return cls(rows, np.argsort(bands, kind="stable"), np.cumsum(np.bincount(bands, minlength=n_bands)))

    def windows(self, name: str, aggregate: Aggregate, n_customers: int) -> Iterator[np.ndarray]:
        """For each band the total of all bands up to it, (n_customers,) float64; least and largest of none are NaN."""
        neutral, join = NEUTRAL.get(aggregate, 0.0), RUNNING.get(aggregate, np.add)
        positions = self.rows["position"].to_numpy()[self.order]
        values = self.rows[name].to_numpy().astype(np.float64)[self.order]
        values[np.isnan(values)] = neutral
        totals, start = np.full(n_customers, neutral), 0
        for end in self.ends:
            here = positions[start:end]
            totals[here] = join(totals[here], values[start:end])
            start = end
            yield np.where(np.isinf(totals), np.nan, totals) if neutral else totals
