"""Where a data set's tables live, and what their columns are called there."""

from __future__ import annotations

from datetime import date

import msgspec

from core.config.section import Section


class ColumnSource(Section, frozen=True):
    """Where a column's values come from: exactly one of `column`, `product` and `constant`."""

    column: str | None = None
    "A column of the source."
    product: tuple[str, ...] | None = None
    "Numeric columns of the source, multiplied."
    constant: str | int | float | bool | None = None
    null_values: tuple[str, ...] = ()
    "Values that stand for missing."
    null_prefixes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        given = [x for x in (self.column, self.product, self.constant) if x is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of column, product, constant")


class RowMatch(Section, frozen=True):
    """Which rows of the source are meant: those where the column's text equals or starts with something."""

    column: str
    equals: str | None = None
    starts_with: str | None = None

    def __post_init__(self) -> None:
        if (self.equals is None) == (self.starts_with is None):
            raise ValueError("give exactly one of equals, starts_with")


class TableSource(Section, frozen=True):
    """Where one table of the contract lives: a `path` (Parquet or CSV, a glob too) or a `database` and its `table`."""

    path: str | None = None
    "Relative to the TOML's folder."
    encoding: str = "utf-8"
    "Of a CSV: any of Python's."
    delimiter: str = ","
    database: str | None = None
    "An Ibis connection URL: duckdb://file.db, postgres://user:${PASSWORD}@host:5432/name."
    table: str | None = None
    "In the database; 'schema.table' where needed."
    time_zone: str | None = None
    "Of times without an offset, where it is not the business's own."
    columns: dict[str, str | ColumnSource] = msgspec.field(default_factory=dict)
    "Contract column to source column; columns that are called alike need no mention."
    returns: RowMatch | None = None
    "purchases: rows that are returns, whatever the sign of their amount."

    def __post_init__(self) -> None:
        if (self.path is None) == (self.database is None):
            raise ValueError("give exactly one of path, database")
        if self.database is not None and self.table is None:
            raise ValueError("a database needs the name of its table")


class CrossSectionTable(Section, frozen=True):
    """One file of a cross-section data set: a row a customer."""

    path: str
    "Parquet or CSV, relative to the TOML's folder."
    customer_id: str
    "Its column that names the customer."
    encoding: str = "utf-8"
    delimiter: str = ","
    columns: dict[str, str] = msgspec.field(default_factory=dict)
    "Feature to column of the file."


class CrossSectionLabel(Section, frozen=True):
    """Who left: the customers in whose row a column holds a certain value."""

    table: str
    column: str
    equals: str
    cause: str | None = None
    "The column of the same table that says why."


class CrossSectionSource(Section, frozen=True):
    """A data set without times: what is known of each customer on one day, and who has left by then.

    Nothing tells when a cell was written, so every column may have been written after the customer left.
    """

    cutoff: date
    "The day that the files tell of."
    label: CrossSectionLabel
    tables: dict[str, CrossSectionTable]

    def __post_init__(self) -> None:
        if self.label.table not in self.tables:
            raise ValueError(
                f"label.table '{self.label.table}' is none of [cross_section.tables]: {', '.join(self.tables)}"
            )
        names = [name for table in self.tables.values() for name in table.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice or not names:
            raise ValueError(f"'{twice[0]}' is a column twice" if twice else "no [cross_section.tables] names a column")
