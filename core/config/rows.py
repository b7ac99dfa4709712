"""How a source is written: which rows count, first lines of orders, answers in columns, files that differ."""

from __future__ import annotations

import msgspec

from core.config.section import NonNegativeInt, PositiveInt, Section, require_layout
from core.date_format import compile_date_format


class FillWithin(Section, frozen=True):
    """Fills empty cells with the value that other rows of the same thing have, such as the lines of one order.

    `fill_within = { by = "Name", columns = ["Financial Status", "Currency"] }`. Name no column that is added up: the
    total of an order would count once for each line.
    """

    by: str
    """\
    The column of the source with the key, such as the number of the order. If it is one of `columns` as well, an empty
    key is that of the row above (files)."""
    columns: tuple[str, ...]
    "Columns of the source to fill. Of several values of one key, the one in the first row counts."

    def __post_init__(self) -> None:
        if not self.columns:
            raise ValueError("columns is empty; name the columns to fill")


class RowMatch(Section, frozen=True):
    """Selects rows of the source by the text of a column: exactly one of `equals` and `starts_with`."""

    column: str
    "A column of the source."
    equals: str | None = None
    "Rows with this text."
    starts_with: str | None = None
    "Rows whose text starts with this."

    def __post_init__(self) -> None:
        if (self.equals is None) == (self.starts_with is None):
            raise ValueError("give exactly one of equals, starts_with")


class RowFilter(Section, frozen=True):
    """Keeps some rows of the source by the text of a column: exactly one of `any_of` and `none_of`. Case is ignored."""

    column: str
    "A column of the source."
    any_of: tuple[str, ...] = ()
    "Rows with one of these texts are kept."
    none_of: tuple[str, ...] = ()
    "Rows with one of these texts are dropped; an empty text in the list means rows without a value."

    def __post_init__(self) -> None:
        if bool(self.any_of) == bool(self.none_of):
            raise ValueError("give exactly one of any_of, none_of")


class AnswerColumn(Section, frozen=True):
    """A column with one consent of each customer.

    `{ column = "sms_opt_out", purpose = "contact:sms", negated = true }`.
    """

    column: str
    "The column of the source with yes or no."
    purpose: str
    "What yes permits: recommend, contact, score, or contact:<channel>."
    negated: bool = False
    "Whether yes refuses it."


class FileSource(Section, frozen=True, kw_only=True):
    """CSV files of a table that are written in another way than its other files.

    Their rows are part of the table, even if its `path` does not match them. What is not stated is as in the table.
    """

    path: str
    "The files, `*` allowed; relative to the folder of the TOML."
    encoding: str | None = None
    "Their encoding."
    delimiter: str | None = None
    "Their delimiter."
    header_line: PositiveInt | None = None
    "The line with the column names."
    footer_lines: NonNegativeInt | None = None
    "Lines below the last row."
    columns: dict[str, str] = msgspec.field(default_factory=dict)
    "Column as the other files call it to column of these files."
    swap_marks: tuple[str, ...] = ()
    "Columns of numbers, as the other files call them, whose dots and commas are swapped: 1.250,00 becomes 1,250.00."
    date_formats: dict[str, str] = msgspec.field(default_factory=dict)
    "Column with dates, as the other files call it, to its `date_format` in these files. They become year first."

    def __post_init__(self) -> None:
        require_layout(self.encoding, self.delimiter)
        for column, date_format in self.date_formats.items():
            try:
                compile_date_format(date_format)
            except ValueError as fault:
                raise ValueError(f"date_formats.{column}: {fault}") from fault
