"""Tables of a database behind an Ibis connection URL: a DuckDB file is attached, any other table is copied."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend as DuckDB

from tables.engines.databases import FAULTS, attach_file, connect, copy_table, find_table, is_duckdb, unreadable
from tables.sources.protocol import Location, SourceRows


@dataclass(frozen=True)
class Database:
    """A table of a database. Where one database has all tables, it computes itself (see `opening`)."""

    endings: tuple[str, ...] = ()
    is_text: bool = False

    def accepts(self, location: Location) -> bool:
        """Whether the location names a database."""
        return location.settings.database is not None

    def read(self, engine: DuckDB, location: Location) -> SourceRows:
        """The table, attached or copied. Raises SourceUnavailable if the database does not let us read it."""
        is_attached = is_duckdb(str(location.settings.database))
        return SourceRows(self._attach(engine, location) if is_attached else self._copy(engine, location))

    def _attach(self, engine: DuckDB, location: Location) -> ir.Table:
        try:
            catalogue = attach_file(engine, str(location.settings.database))
        except duckdb.Error as fault:
            raise unreadable(location.settings, fault, name=location.name) from fault
        return find_table(engine, location.settings, name=location.name, catalogue=catalogue)

    def _copy(self, engine: DuckDB, location: Location) -> ir.Table:
        backend = connect(str(location.settings.database))
        try:
            table = find_table(backend, location.settings, name=location.name)
            return copy_table(engine, location.name, table=_clocks_as_text(table))
        except FAULTS as fault:
            raise unreadable(location.settings, fault, name=location.name) from fault
        finally:
            backend.disconnect()


def _clocks_as_text(table: ir.Table) -> ir.Table:
    """The table with times of day as text: on the way they would lose their offsets."""
    names = [name for name, kind in table.schema().items() if kind.is_time()]
    return table.mutate(**{name: table[name].cast("string") for name in names}) if names else table


SOURCE = Database()
