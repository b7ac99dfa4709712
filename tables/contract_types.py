"""What the contract says of a table and of a column."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import KW_ONLY, dataclass
from typing import Literal

Kind = Literal["id", "text", "number", "integer", "time", "date", "boolean"]
"An id is text of 1 to 128 characters; a time is naive and local to the business."

DATING_COLUMNS = ("valid_from", "recorded_time")
"Columns that date the rows of a table of things; the first one present counts."


@dataclass(frozen=True)
class ColumnContract:
    """One column: its kind, when a cell becomes known, and which values are impossible."""

    name: str
    kind: Kind
    _: KW_ONLY
    required: bool = False
    known_at: str | None = None
    "The column with the time at which the cell becomes known; None: together with its row."
    not_before: str | None = None
    "A time column of the same row; an earlier time in this column contradicts it."
    minimum: float | None = None
    "A smaller value is impossible."
    is_complete: bool = False
    "Whether a row without a value cannot be used where the source has the column."
    is_taxed: bool = False
    "Whether the amount includes tax where `money.tax_included` says so; everything behind the contract is net of it."


@dataclass(frozen=True)
class TableContract:
    """One table: its columns, and what a row is in time."""

    name: str
    columns: tuple[ColumnContract, ...]
    _: KW_ONLY
    happens_at: str | None = None
    "The column with the time at which a row happens; None for tables of things instead of events."
    key: str | None = None
    "For a table of things: the column that identifies the thing; its last row known at a cutoff counts."
    lists_attributes: bool = False
    "Whether the TOML may list further columns as attributes."
    proves_activity: bool = False
    "Whether the table alone is enough for a data set: customers act in it."
    suffices: tuple[str, ...] = ()
    "Columns that are enough for recommendations: a source with them may lack the mandatory ones."

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def mandatory_columns(self) -> tuple[str, ...]:
        """The columns without which the table cannot be read."""
        return tuple(column.name for column in self.columns if column.required)

    def dating_column(self, columns: Collection[str]) -> str | None:
        """The column that dates the rows of a table of things, if the table has it; each of its rows then needs it."""
        names = DATING_COLUMNS if self.key is not None else ()
        return next((name for name in names if name in self and name in columns), None)

    def __getitem__(self, name: str) -> ColumnContract:
        return next(column for column in self.columns if column.name == name)

    def __contains__(self, name: object) -> bool:
        return name in self.names
