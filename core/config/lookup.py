"""`[tables.<name>.lookup]`: a second file or table with further columns of each row, such as the orders of lines."""

from __future__ import annotations

from typing import Literal

from core.config.section import NonNegativeInt, PositiveInt, Section, require_layout


class Lookup(Section, frozen=True, kw_only=True):
    """A second file or table that has further columns of each row: `order_lines.csv` looks up its `orders.csv`.

    Its columns can be used like those of the table itself. One that both have is that of the table; the other one is
    called `lookup.<name>`. Each key may occur once in it. Rows without a match have no value in its columns.
    """

    path: str | None = None
    "Parquet, CSV or JSON Lines files, `*` allowed; relative to the folder of the TOML."
    table: str | None = None
    "Name of a table in the same database, or schema.table."
    on: str
    "The column with the key, such as order_id."
    key: str | None = None
    "What the second file calls that column. Default: as in `on`."
    # As in `core.config.sources.CsvLayout`, whose formats of values mean nothing here.
    encoding: str = "utf-8"
    "Encoding of a CSV; any that Python knows."
    delimiter: str = ","
    "Delimiter of a CSV."
    header_line: PositiveInt = 1
    "The line of a CSV with the column names, counted from 1. Lines above it are not read."
    footer_lines: NonNegativeInt = 0
    "Lines below the last row of a CSV, such as totals, that are not read. Blank lines do not count."
    bad_lines: Literal["error", "skip"] = "error"
    "Whether lines of a CSV or of JSON Lines that cannot be read are an error or, if they are few, left out."

    def __post_init__(self) -> None:
        if (self.path is None) == (self.table is None):
            raise ValueError("give exactly one of path, table")
        require_layout(self.encoding, self.delimiter)

    @property
    def label(self) -> str:
        """The second file or table in a message: its name without the folder."""
        return (self.path or self.table or "").rpartition("/")[2]
