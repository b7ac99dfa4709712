"""`[tables]` and `[cross_section]`: where tables are, and what their columns are called there."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from core.config.lookup import Lookup
from core.config.rows import AnswerColumn, FileSource, FillWithin, RowFilter, RowMatch
from core.config.section import NonNegativeInt, PositiveInt, Section, require_layout, require_time_zone
from core.date_format import compile_date_format

MOST_DIGITS = 64
"Of an id."


class ValueFormat(Section, frozen=True):
    """How values are written in a source. What a column states wins over its table."""

    date_format: str | None = None
    """\
    `day_first`, `month_first`, `year_first`, `epoch_seconds`, `epoch_milliseconds`, `epoch_microseconds`,
    `spreadsheet_days` (45717.5 is noon of 2025-03-01), or a pattern of strptime such as `%d.%m.%Y %H:%M`. Default: year
    first, or the only order that fits every date of the column."""
    calendar: Literal["gregorian", "buddhist"] | None = None
    "The calendar of the years: `buddhist` ones are 543 ahead, so that 2567 is 2024, and 67 too. Default: gregorian."
    decimal: Literal[".", ","] | None = None
    "Decimal mark of numbers. Default: the only one that fits every number of the column."
    thousands: Literal[",", ".", " ", "'", ""] | None = None
    "Mark between groups of three digits; empty for none. Default: every mark but the decimal one."
    null_values: tuple[str, ...] | None = None
    """\
    Values that mean missing, besides the usual ones (NULL, NA, N/A, nan, none, -, 不明, ...) of ids, numbers, times and
    booleans. An empty list turns off the usual ones, too."""
    null_prefixes: tuple[str, ...] = ()
    "Values that start with one of these mean missing."

    def __post_init__(self) -> None:
        if self.date_format is not None:
            compile_date_format(self.date_format)
        if self.decimal is not None and self.decimal == self.thousands:
            raise ValueError(f"decimal and thousands are both '{self.decimal}'")
        if "" in self.null_prefixes:
            raise ValueError("null_prefixes has an empty text, with which every value starts; take it out")


class ColumnSource(ValueFormat, frozen=True, kw_only=True):
    """Where the values of a column come from: exactly one of `column`, `product`, `constant` and `marks_of`.

    `amount = { product = ["Quantity", "UnitPrice"] }`, `channel = { constant = "web" }`,
    `event_time = { column = "Day", date_format = "day_first" }`.
    """

    column: str | None = None
    "A column of the source."
    product: tuple[str, ...] | None = None
    "Numeric columns of the source, multiplied."
    constant: str | int | float | bool | None = None
    "The same value in every row."
    marks_of: str | None = None
    """\
    Of currency: a column of amounts such as `$12.00`, whose mark names the currency. `$` is a US dollar unless the data
    set counts in another one; an amount without a mark is in the data set's own currency."""
    scale: float | Literal["minor_unit"] | None = None
    "Factor of a number, e.g. 0.01 for cents; minor_unit for amounts in the smallest unit of the row's currency."
    minus: tuple[str, ...] = ()
    """\
    Numeric columns of the source that are taken off a number, such as what was refunded of an amount. Their sign does
    not matter, and an empty cell takes off nothing."""
    shared_within: str | None = None
    """\
    Of an amount that is the total of an order, repeated in each of its lines: the column of the source with the number
    of the order. Each line gets an equal share, so that the total counts once."""
    duration: Literal["h:mm", "m:ss"] | None = None
    """\
    Of a number that is a duration (1:20:30, 1h 20m, PT1H20M, 90 min): it is read as minutes, and two parts as hours and
    minutes or as minutes and seconds. Digits alone are minutes."""
    negated: bool = False
    "Of a yes or no: whether the column says the opposite, such as `opted_out` where `granted` is wanted."
    id_width: Annotated[int, Meta(ge=1, le=MOST_DIGITS)] | None = None
    "Digits of an id: shorter ids of digits alone are filled with zeros from the left, so that 123 meets 00000123."
    time_of_day: str | None = None
    """\
    Of times whose `column` has the day alone: a column with the time of day (18:30, 6:30 PM, 18時30分, 1830). A row
    without one is at midnight. A pattern in `date_format` is that of both: `%d.%m.%Y %H%M`."""
    interval: str | None = None
    "A column with the billing interval (month, year, 3 months, ...): the amount is divided by its length in months."

    def __post_init__(self) -> None:
        super().__post_init__()
        given = [value for value in (self.column, self.product, self.constant, self.marks_of) if value is not None]
        if len(given) != 1:
            raise ValueError("give exactly one of column, product, constant, marks_of")
        if self.product == ():
            raise ValueError("product is empty; name the columns to multiply")
        if self.scale == 0:
            raise ValueError("scale = 0 makes every number 0; take it out, or name the factor")
        if self.id_width is not None and self.column is None:
            raise ValueError("id_width fills the ids of a column")
        if self.time_of_day is not None and self.column is None:
            raise ValueError("time_of_day needs the column with the day")
        if self.duration is not None and self.column is None:
            raise ValueError("duration says how a column is written")
        if self.negated and self.column is None:
            raise ValueError("negated turns round the yes and no of a column")
        if self.minus and self.column is None and self.product is None:
            raise ValueError("minus takes columns off a column or a product")
        if self.shared_within is not None and self.column is None:
            raise ValueError("shared_within shares a column among the lines of an order")


def format_of(column: ValueFormat | None, *, table: ValueFormat) -> ValueFormat:
    """How the values of one column are written: what the column states, and otherwise what its table states.

    A value that means missing in the whole table means missing in each of its columns.
    """
    if column is None:
        return table
    if column.null_values == ():
        null_values = column.null_values
    else:
        null_values = (*(table.null_values or ()), *(column.null_values or ())) or table.null_values
    return ValueFormat(
        date_format=column.date_format or table.date_format,
        calendar=column.calendar or table.calendar,
        decimal=column.decimal or table.decimal,
        thousands=table.thousands if column.thousands is None else column.thousands,
        null_values=null_values,
        null_prefixes=table.null_prefixes + column.null_prefixes,
    )


class CsvLayout(ValueFormat, frozen=True, kw_only=True):
    """The encoding, delimiter, header and footer of a CSV and its bad lines; how its values are written as well."""

    encoding: str = "utf-8"
    "Encoding of a CSV; any that Python knows."
    delimiter: str = ","
    "Delimiter of a CSV."
    header_line: PositiveInt = 1
    "The line of a CSV with the column names, counted from 1. Lines above it are not read."
    footer_lines: NonNegativeInt = 0
    "Lines below the last row of a CSV, such as totals, that are not read. Blank lines do not count."
    bad_lines: Literal["error", "skip"] = "error"
    """\
    What happens to lines of a CSV with more or fewer cells than the header, a broken quote or bytes that are not in its
    encoding, and to lines of JSON Lines that are no object: `error`, or `skip`, which leaves them out if they are at
    most 3 or 10 % of a file, and `kizuna check` names them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_layout(self.encoding, self.delimiter)


class TableSource(CsvLayout, frozen=True, kw_only=True):
    """Where a table of the contract is: either a `path`, or a `database` and its `table`."""

    path: str | None = None
    "Parquet, CSV or JSON Lines files, `*` allowed; relative to the folder of the TOML."
    optional_columns: tuple[str, ...] = ()
    "Columns that some files of a CSV or Parquet table lack; their rows have no value there."
    files: tuple[FileSource, ...] = ()
    "CSV files that are written in another way, each as [[tables.<name>.files]]."
    database: str | None = None
    "Ibis connection URL: duckdb://file.db, postgres://user:${PASSWORD}@host:5432/name."
    table: str | None = None
    "Name of the table in the database, or schema.table."
    time_zone: str | None = None
    "IANA time zone of times without an offset, if it is not the data set's own."
    columns: dict[str, str | ColumnSource] = msgspec.field(default_factory=dict)
    "Contract column to source column. Columns with the same name on both sides need no entry."
    returns: RowMatch | None = None
    "Of purchases: rows that are returns, whatever the sign of their amount."
    last_day_included: bool | None = None
    "Of subscriptions: whether `ended_at` names the last day that is paid for; found from renewals where not stated."
    monthly_snapshots: bool = False
    """\
    Of subscriptions: each row says that a subscription runs in a month, which `started_at` names (2026-03, or a day of
    the month). It lasts until the next month of the table; without a row there, it has ended. A second row of another
    plan adds to the first one."""
    each: str | None = None
    """\
    A column with a list of objects (JSON Lines, Parquet, databases): the table has one row per object, with the other
    columns beside it. Fields are named `items.price`. A row with an empty list stays one row."""
    answers: tuple[AnswerColumn, ...] = ()
    """\
    Of consents: columns with one consent each, such as email_opt_in and sms_opt_in, each as
    [[tables.consents.answers]]. The table has one row per answer, with the other columns beside it;
    an empty cell is none."""
    lookup: Lookup | None = None
    "A second file with further columns of each row, such as the orders of order lines."
    overlapping_plans: Literal["add", "replace"] | None = None
    """\
    Of subscriptions: whether a plan that begins while another one of the same subscription runs adds to its price (an
    add-on) or replaces it (a change of plan); found from the rows where not stated."""
    fill_within: FillWithin | None = None
    "Columns that only the first line of each order has, such as its status: its other lines get the same value."
    where: tuple[RowFilter, ...] = ()
    "Rows to keep, each filter as [[tables.<name>.where]]; a row has to pass all of them."
    profile: str | None = None
    "Name of a file in `configs/profiles`, such as stripe_subscriptions: settings for the exports of a known product."

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.path is None) == (self.database is None):
            raise ValueError("give exactly one of path, database")
        if self.time_zone is not None:
            require_time_zone(self.time_zone)
        if self.database is not None and self.table is None:
            raise ValueError("a database needs the name of its table: set table")
        if self.monthly_snapshots and self.last_day_included is not None:
            raise ValueError("monthly_snapshots have no ends, so that last_day_included says nothing of them")
        if self.files and self.path is None:
            raise ValueError("files are further files of a table with a path")
        if self.lookup is not None and self.lookup.table is not None and self.database is None:
            raise ValueError("lookup.table is a table of a database; name a file with lookup.path")


class CrossSectionTable(CsvLayout, frozen=True, kw_only=True):
    """A file with one row per customer."""

    path: str
    "A Parquet or CSV file, relative to the folder of the TOML."
    customer_id: str
    "The column of the file with the customer's id."
    columns: dict[str, str | ColumnSource] = msgspec.field(default_factory=dict)
    "Feature to column of the file, or where its values come from. Without it, every column is a feature."
    all_columns: bool | None = None
    """\
    Whether the columns that `columns` does not name are features as well, under their own names. Default: only where
    `columns` is not given. Never the ids, the label, its cause, and columns that look personal."""
    exclude: tuple[str, ...] = ()
    "Columns of the file that are no features although all are."

    @property
    def uses_all_columns(self) -> bool:
        """Whether columns that are not named are features."""
        return not self.columns if self.all_columns is None else self.all_columns

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.exclude and not self.uses_all_columns:
            raise ValueError("exclude takes columns out of all; set all_columns = true, or leave out `columns`")
        for name, column in self.columns.items():
            if isinstance(column, ColumnSource) and _is_of_tables(column):
                raise ValueError(
                    f"{name}: scale, minus, shared_within, time_of_day, duration, negated and interval are for [tables]"
                )


def _is_of_tables(column: ColumnSource) -> bool:
    """Whether a column has a setting that needs the kind of a column of the contract."""
    settings = (column.scale, column.interval, column.time_of_day, column.shared_within, column.duration)
    return any(setting is not None for setting in settings) or bool(column.minus) or column.negated


class CrossSectionLabel(Section, frozen=True):
    """Which customers churned: those in whose row a column has a certain value."""

    table: str
    "Name of one of `[cross_section.tables]`."
    column: str
    "The column of that table."
    equals: str
    "Its value for churned customers."
    cause: str | None = None
    "Another column of that table: why the customer churned."


class CrossSectionSource(Section, frozen=True):
    """A data set without dates: one row per customer, and whether the customer has churned.

    No cell has a date, so every column may have been written after the customer churned.
    """

    cutoff: date
    "The day that the files describe."
    label: CrossSectionLabel
    "Which customers churned."
    tables: dict[str, CrossSectionTable]
    "The files, by a name of your own."

    def __post_init__(self) -> None:
        if self.label.table not in self.tables:
            raise ValueError(f"label.table is '{self.label.table}', but the tables are: {', '.join(self.tables)}")
        names = [name for table in self.tables.values() for name in table.columns]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"'{repeated[0]}' is a column of two tables; rename one of them")
        if not names and not any(table.uses_all_columns for table in self.tables.values()):
            raise ValueError("no table has a feature; list them under columns, or set all_columns = true")
