"""The rows that a training has computed, kept for the gate, which compares recipes on the same ones straight after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar, cast

from core.feature_table import FeatureTable
from tables.tables import Tables

MAX_BYTES = 250_000_000
"Of features; larger rows would take the memory that the next training needs, and are computed again."


class RowsWithFeatures(Protocol):
    """The rows of a training."""

    @property
    def features(self) -> FeatureTable:
        """What was known of each row, (n, d)."""
        ...


Rows = TypeVar("Rows", bound=RowsWithFeatures)


@dataclass(frozen=True)
class KeptRows:
    """The last rows of each kind of model, with the tables and cutoffs that they were computed from."""

    _rows: dict[str, tuple[Tables, object, RowsWithFeatures]] = field(
        default_factory=dict[str, "tuple[Tables, object, RowsWithFeatures]"]
    )

    def get(self, kind: str, tables: Tables, *, cutoffs: object, compute: Callable[[], Rows]) -> Rows:
        """The rows of these very tables at these cutoffs, computed where they are not kept."""
        kept_tables, kept_cutoffs, kept = self._rows.get(kind, (None, None, None))
        if kept_tables is tables and kept_cutoffs == cutoffs:
            return cast("Rows", kept)
        self._rows.pop(kind, None)
        rows = compute()
        if rows.features.values.nbytes <= MAX_BYTES:
            self._rows[kind] = tables, cutoffs, rows
        return rows
