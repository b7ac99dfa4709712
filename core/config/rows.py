"""Rows of a source: which ones are kept, which ones are returns, and cells that only the first line of an order has."""

from __future__ import annotations

from core.config.section import Section


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
