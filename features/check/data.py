"""What checks look at: the tables as they are in the source and as they are read, and their ids, counted once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import ibis.expr.types as ir
from ibis import _
from ibis.backends.duckdb import Backend as DuckDB
from ibis.backends.sql import SQLBackend

from core.config.data_set import Config
from core.config.sources import ColumnSource, CrossSectionTable
from features.check.spellings import normalize
from tables.cleaning.conform import map_columns
from tables.cleaning.source_columns import ROW_NUMBER, fit_profile, keep_rows, source_column
from tables.contract import CONTRACT
from tables.contract_types import Kind
from tables.cross_section import CUSTOMER, CrossSection
from tables.engines.databases import compute_table
from tables.tables import Tables, usable_rows

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class CheckedTable:
    """One table: its source, its usable rows, and which columns of the source each of its columns is read from."""

    name: str
    source: ir.Table
    "Cells as they were written."
    rows: ir.Table
    "Usable rows under the contract, with their numbers; of a cross-section, the customer of each row."
    columns: Mapping[str, ColumnSource]
    "By column of the contract or, in a cross-section, by feature."
    section: str
    "The section of the TOML that describes the table, e.g. '[tables.purchases]'."
    config: Config
    is_cross_section: bool = False

    def kind(self, column: str) -> Kind | None:
        """What the contract asks of a column; None for a listed attribute and for a feature."""
        if self.is_cross_section:
            return "id" if column == CUSTOMER else None
        contract = CONTRACT[self.name]
        return contract[column].kind if column in contract else None

    def source_names(self, column: str) -> tuple[str, ...]:
        """The columns of the source that a column is read from; several for a product, none for a constant."""
        source = self.columns.get(column)
        if source is None:
            return ()
        plain = [name for name in (source.column, source.time_of_day) if name is not None]
        return (*(source.product or plain), *source.minus)

    def cells(self, column: str) -> tuple[ir.Value, ...]:
        """The cells of those columns, as they were written."""
        return tuple(source_column(self.source, name, table=self.name) for name in self.source_names(column))

    def text(self, column: str) -> ir.Value | None:
        """The text that a column is read from; None where it is read from anything else."""
        cells = self.cells(column)
        return cells[0] if len(cells) == 1 and cells[0].type().is_string() else None

    @property
    def id_columns(self) -> tuple[str, ...]:
        """The columns that hold ids."""
        return tuple(column for column in self.columns if self.kind(column) == "id")


@dataclass(frozen=True)
class CheckedData:
    """A data set of tables with times, or a cross-section."""

    config: Config
    backend: SQLBackend
    checked: Mapping[str, CheckedTable]
    tables: Tables | None = None
    cross_section: CrossSection | None = None
    _ids: dict[tuple[str, str], ir.Table] = field(default_factory=dict[tuple[str, str], ir.Table])
    _results: dict[Callable[..., Any], Any] = field(default_factory=dict[Callable[..., Any], Any])

    @classmethod
    def of_tables(cls, tables: Tables) -> CheckedData:
        """The tables of a data set with times."""
        checked = {name: _check_table(tables, name) for name in tables.names}
        return cls(tables.config, tables.backend, checked, tables=tables)

    @classmethod
    def of_cross_section(cls, data: CrossSection) -> CheckedData:
        """The files of a cross-section."""
        source = data.config.cross_section
        assert source is not None
        checked = {name: _check_file(data, name, table=table) for name, table in source.tables.items()}
        return cls(data.config, data.backend, checked, cross_section=data)

    def __contains__(self, name: object) -> bool:
        return name in self.checked

    def __getitem__(self, name: str) -> CheckedTable:
        return self.checked[name]

    def has_ids(self, table: str, column: str) -> bool:
        """Whether a table has a column of ids."""
        return table in self and column in self[table].rows.columns

    def ids(self, table: str, column: str) -> ir.Table:
        """The different ids of a column as they are read: `id`, `plain` (see `spellings`) and `n`, its rows."""
        if (table, column) not in self._ids:
            self._ids[table, column] = self.store(count_ids(self[table].rows, column))
        return self._ids[table, column]

    def ids_as_written(self, table: str, column: str) -> ir.Table | None:
        """The different ids of a column as they were written: `id` and `n`; None where the source is no text."""
        text = self[table].text(column)
        if text is None:
            return None
        key = (f"{table} as written", column)
        if key not in self._ids:
            written = self[table].source.select(id=text)
            self._ids[key] = self.store(written.filter(_.id.notnull()).group_by("id").aggregate(n=_.count()))
        return self._ids[key]

    def store(self, table: ir.Table) -> ir.Table:
        """The table, computed once where DuckDB computes; nothing is created in a database of the company."""
        if not isinstance(self.backend, DuckDB):
            return table
        return compute_table(self.backend, "checked", table=table)

    def once(self, compute: Callable[[CheckedData], Result]) -> Result:
        """What a function computes from this data, computed the first time that it is asked for."""
        if compute not in self._results:
            self._results[compute] = compute(self)
        return self._results[compute]

    def row_of(self, text: str | None, *, table: str, column: str) -> int | None:
        """The first row of a source with this text in a column, counted from 1; None where rows have no order."""
        source, cells = self[table].source, self[table].cells(column)
        if ROW_NUMBER not in source.columns or text is None or len(cells) != 1:
            return None
        numbered = source.select(value=cells[0].cast("string"), row=source[ROW_NUMBER])
        return numbered.filter(_.value == text).aggregate(row=_.row.min()).to_pyarrow()["row"][0].as_py()


def _check_table(tables: Tables, name: str) -> CheckedTable:
    config, settings, source = tables.config, tables.config.tables.get(name), tables.sources[name]
    if settings is not None:
        source, settings = fit_profile(source, settings, attributes=config.attributes.get(name, ()))
        source = keep_rows(source, settings.where, table=name)
    return CheckedTable(
        name=name,
        source=source,
        rows=usable_rows(tables.conformed[name], with_numbers=True),
        columns=map_columns(source, CONTRACT[name], config=config, source=settings),
        section=f"[tables.{name}]",
        config=config,
    )


def _check_file(data: CrossSection, name: str, *, table: CrossSectionTable) -> CheckedTable:
    source = data.sources[name]
    return CheckedTable(
        name=name,
        source=source,
        rows=source.select(**{CUSTOMER: source[table.customer_id]}),
        columns={CUSTOMER: ColumnSource(column=table.customer_id), **data.listed[name].columns},
        section=f"[cross_section.tables.{name}]",
        config=data.config,
        is_cross_section=True,
    )


def count_ids(rows: ir.Table, column: str) -> ir.Table:
    """The different ids of a column with their number of rows."""
    ids = rows.select(id=rows[column].cast("string"))
    counts = ids.filter(_.id.notnull()).group_by("id").aggregate(n=_.count())
    return counts.mutate(plain=normalize(counts.id))
