"""Reads the second file or table of a table with a `lookup`, from where the table itself is."""

from __future__ import annotations

from collections.abc import Mapping

import ibis.expr.types as ir
from ibis.backends.duckdb import Backend as DuckDB
from ibis.backends.sql import SQLBackend

from core.config.sources import TableSource
from tables.bad_lines import BadLines
from tables.cleaning.lookups import LookupMatch, join_lookup
from tables.engines.databases import find_table
from tables.sources.protocol import Location, SourceRows, find_source


def add_lookups(
    backend: SQLBackend, sources: Mapping[str, ir.Table], *, locations: Mapping[str, Location], is_in_place: bool
) -> tuple[dict[str, ir.Table], dict[str, LookupMatch], dict[str, BadLines]]:
    """The sources with the columns that they look up, how well the keys of each match, and lines that cannot be read.

    `is_in_place` says that the backend is the database of all tables. Raises the errors of reading and of joining.
    """
    joined, matches = dict(sources), dict[str, LookupMatch]()
    bad_lines = dict[str, BadLines]()
    for name, location in locations.items():
        lookup = location.settings.lookup
        if lookup is None:
            continue
        other = second_location(location)
        if is_in_place:
            second = SourceRows(find_table(backend, other.settings, name=other.name))
        else:
            assert isinstance(backend, DuckDB)
            second = find_source(other).read(backend, other)
        bad_lines[name] = second.bad_lines
        joined[name], matches[name] = join_lookup(
            sources[name], second.rows, lookup=lookup, table=name, written=location.settings
        )
    return joined, matches, bad_lines


def second_location(location: Location) -> Location:
    """Where the second file or table of a table is."""
    lookup = location.settings.lookup
    assert lookup is not None
    settings = TableSource(
        path=lookup.path,
        database=location.settings.database if lookup.path is None else None,
        table=lookup.table,
        encoding=lookup.encoding,
        delimiter=lookup.delimiter,
        header_line=lookup.header_line,
        footer_lines=lookup.footer_lines,
        bad_lines=lookup.bad_lines,
    )
    return Location(f"{location.name}.lookup", settings)
