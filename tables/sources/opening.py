"""Opens the tables of a data set where they are: files through DuckDB, databases in place.

If one database has all tables, that database computes and no row leaves it. Otherwise DuckDB computes: large Parquet
files are read lazily, everything else is cleaned once and copied into it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import duckdb
import ibis.expr.types as ir
from ibis.backends.duckdb import Backend as DuckDB
from ibis.backends.sql import SQLBackend

from core.config.data_set import Config, require_dated_tables, require_predicted_tables
from core.config.sources import ColumnSource, TableSource
from core.errors import ConfigError, DataError
from core.i18n.message import ExclusionReason, Message
from tables.bad_lines import BadLines
from tables.building import build_tables, copy_cleaned
from tables.cleaning.answers import unpivot_answers
from tables.cleaning.conform import conform
from tables.cleaning.far_future import BUDDHIST_YEAR
from tables.cleaning.filling import fill_first_lines
from tables.cleaning.identifiers import LOST_DIGITS, NO_ID, NO_WHOLE_NUMBER, ROUNDED
from tables.cleaning.readings import FOREIGN, UNREADABLE
from tables.cleaning.source_columns import unnest_list
from tables.cleaning.suggestions import describe_suggestion
from tables.contract import CONTRACT
from tables.engines.databases import computes, connect, connect_in_memory, find_table, is_duckdb
from tables.load_report import LoadReport, RowExclusion
from tables.sources.lookups import add_lookups
from tables.sources.parquet import find_damage
from tables.sources.places import ends_of_files, find_place
from tables.sources.protocol import Location, find_source
from tables.table_names import contract_of
from tables.tables import Tables

MAX_COPIED_ROWS = 1_000_000
"Of Parquet files. Training reads every table some hundred times; copies of larger ones would take gigabytes."
SETTINGS_OF_ONE_TABLE = {
    "returns": "purchases",
    "last_day_included": "subscriptions",
    "monthly_snapshots": "subscriptions",
    "overlapping_plans": "subscriptions",
    "answers": "consents",
}
NOTHING_STATED = TableSource(path="")
MAX_UNREADABLE_SHARE = 0.05
"Share of rows that may be unreadable in one column; above it, the column has different content."


def open_tables(
    config: Config, *, today: date | None = None, is_read_often: bool = False, needs_activity: bool = True
) -> Tables:
    """The tables of a configuration, checked row by row as they are read.

    Records after `today`, the local day, are excluded; without it, only those far ahead of all others. Large Parquet
    files that are read often are copied like small ones, which takes memory and saves time. Without `needs_activity`,
    no table has to say who is a customer at a cutoff: figures of surveys and tickets do not ask.

    Raises ConfigError for tables and columns that the contract does not have, SourceUnavailable for a file or database
    that is absent or does not answer, DataError for content that cannot be used.
    """
    require_dated_tables(config)
    for name, source in config.tables.items():
        contract_of(name)
        refuse_settings_of_others(name, source)
    require_predicted_tables(config)
    if needs_activity and not any(CONTRACT[name].proves_activity for name in config.tables):
        raise ConfigError(
            "the TOML has none of [tables.purchases], [tables.usage] and [tables.subscriptions]; one of them is needed"
        )
    locations = {name: Location(name, settings) for name, settings in config.tables.items()}
    try:
        return _open(config, locations, today=today, is_read_often=is_read_often)
    except duckdb.Error as fault:
        raise DataError(_describe_fault(locations, fault)) from fault


def _describe_fault(locations: dict[str, Location], fault: duckdb.Error) -> str:
    """Which file is damaged; the first line of the engine where none is."""
    for name, location in locations.items():
        if damaged := find_damage(location.files):
            return f"{name}: {damaged}; export it again"
    return f"the tables cannot be read: {str(fault).splitlines()[0]}"


def _open(config: Config, locations: dict[str, Location], *, today: date | None, is_read_often: bool) -> Tables:
    in_place = _open_in_place(locations)
    engine: DuckDB | None = None
    if in_place is not None:
        backend, sources = in_place
        bad_lines = dict[str, BadLines]()
    else:
        engine = backend = connect_in_memory()
        read = {name: find_source(location).read(engine, location) for name, location in locations.items()}
        sources = {name: source.rows for name, source in read.items()}
        bad_lines = {name: source.bad_lines for name, source in read.items()}
    sources = {name: lines_of(source, locations[name]) for name, source in sources.items()}
    sources, lookups, of_lookups = add_lookups(backend, sources, locations=locations, is_in_place=engine is None)
    conformed = {
        name: replace(
            conform(sources[name], contract_of(name), config=config, source=location.settings),
            bad_lines=bad_lines.get(name, BadLines()) + of_lookups.get(name, BadLines()),
        )
        for name, location in locations.items()
    }
    if engine is not None:
        conformed = {
            name: copy_cleaned(engine, name, table=table)
            if is_read_often or _is_copied(sources[name], locations[name])
            else table
            for name, table in conformed.items()
        }
    tables = build_tables(config, backend, sources=sources, conformed=conformed, lookups=lookups, today=today)
    for name in tables.names:
        refuse_unusable(tables.load_report(name), config.tables.get(name, NOTHING_STATED))
    return tables


def refuse_settings_of_others(name: str, source: TableSource) -> None:
    """Raise ConfigError for a setting that only another table has."""
    for setting, table in SETTINGS_OF_ONE_TABLE.items():
        if name != table and getattr(source, setting) != getattr(NOTHING_STATED, setting):
            raise ConfigError(f"[tables.{name}] {setting} is a setting of [tables.{table}] alone; take it out here")


def _open_in_place(locations: dict[str, Location]) -> tuple[SQLBackend, dict[str, ir.Table]] | None:
    """The backend and its tables, if one database has them all."""
    urls = {location.settings.database for location in locations.values()}
    if any(location.settings.lookup and location.settings.lookup.path for location in locations.values()):
        return None
    url = str(next(iter(urls)))
    if len(urls) != 1 or None in urls or not computes(url):
        return None
    if is_duckdb(url) and any(location.settings.lookup for location in locations.values()):
        return None  # Cleaned once and copied: DuckDB plans the steps of a joined table for minutes, in every query.
    backend = connect(url)
    return backend, {name: find_table(backend, location.settings, name=name) for name, location in locations.items()}


def lines_of(raw: ir.Table, location: Location) -> ir.Table:
    """One row per line of an order, each with what the file says of the order."""
    lines = unnest_list(raw, location.settings.each, table=location.name)
    lines = unpivot_answers(lines, location.settings.answers, table=location.name)
    return fill_first_lines(lines, location.settings, table=location.name)


def _is_copied(raw: ir.Table, location: Location) -> bool:
    """Whether cleaned rows are copied, so that no later query parses text or cleans again."""
    return find_source(location).is_text or int(raw.count().to_pyarrow().as_py()) <= MAX_COPIED_ROWS


def refuse_unusable(report: LoadReport, source: TableSource = NOTHING_STATED) -> None:
    """Raise DataError if a table is empty, has mixed types, or has two rows for one thing."""
    name, section = report.table, f"[tables.{report.table}]"
    if not report.n_rows:
        text = "{table} is empty: its source has no rows; check its path or table under {section}"
        raise DataError(Message(text, {"table": name, "section": section}))
    for rows in report.exclusions:
        if rows.n_rows > MAX_UNREADABLE_SHARE * report.n_rows:
            _refuse_unreadable(rows, report, source=source)
    if not report.n_usable:
        _refuse_all(report, source)
    if report.n_repeated_keys:
        text = Message(
            "{n} rows of {table} repeat their {key}; keep one row each, or map valid_from under {section} to say since "
            "when each row is valid",
            {"n": report.n_repeated_keys, "table": name, "key": str(CONTRACT[name].key), "section": section},
        )
        raise DataError(text)


def _refuse_all(report: LoadReport, source: TableSource) -> None:
    """Raise DataError with every reason why the rows of a table are excluded."""
    reasons = tuple(
        Message(
            "{reason} ({n} rows{example})",
            {
                "reason": ExclusionReason(rows.reason),
                "n": rows.n_rows,
                "example": _describe_example(rows, source, table=report.table),
            },
        )
        for rows in report.exclusions
    )
    foreign = next((rows.column for rows in report.exclusions if rows.reason.endswith(FOREIGN)), None)
    is_buddhist = any(rows.value and BUDDHIST_YEAR.search(rows.value) for rows in report.exclusions)
    calendar = Message('; for years of the Buddhist calendar, set calendar = "buddhist"')
    marks = Message(', with currency = { marks_of = "..." } naming the source of {column}', {"column": foreign or ""})
    raise DataError(
        Message(
            "no row of {table} can be used: {reasons}; check the columns under {section}{marks}{calendar}",
            {
                "table": report.table,
                "reasons": reasons,
                "section": f"[tables.{report.table}]",
                "marks": marks if foreign else "",
                "calendar": calendar if is_buddhist else "",
            },
        )
    )


def _describe_example(rows: RowExclusion, source: TableSource, *, table: str) -> Message | str:
    """The value and its row, in its own file, to follow a count; '' if neither is known."""
    if rows.value is None or rows.row is None:
        return Message(", e.g. {example}", {"example": rows.example}) if rows.example else ""
    file, row = find_place(rows.row, ends_of_files(table, source))
    text = ", e.g. {example} (row {row} of {file})" if file else ", e.g. {example} (row {row})"
    return Message(text, {"example": f"'{rows.value}'", "row": row, "file": file.name if file else ""})


def _refuse_unreadable(rows: RowExclusion, report: LoadReport, *, source: TableSource) -> None:
    """Raise DataError where the column has other content than its contract says, or ids that lost their digits."""
    reason = rows.reason.removeprefix(f"{rows.column}: ")
    counts = {
        "place": f"{report.table}.{rows.column}",
        "n": rows.n_rows,
        "of": report.n_rows,
        "example": _describe_example(rows, source, table=report.table),
    }
    if reason in (LOST_DIGITS, ROUNDED, NO_WHOLE_NUMBER, NO_ID):
        text = "{place}: {n} of {of} values are {fault}{example}; export the column as text, or name another one"
        raise DataError(Message(text, {**counts, "fault": ExclusionReason(reason)}))
    if reason.startswith(UNREADABLE):
        contract = CONTRACT[report.table]
        kind = contract[rows.column].kind if rows.column in contract else None
        column = source.columns.get(rows.column)
        clock = column.time_of_day if isinstance(column, ColumnSource) else None
        date_format = (column.date_format if isinstance(column, ColumnSource) else None) or source.date_format
        mend = describe_suggestion(
            rows.value, kind, section=f"[tables.{report.table}]", clock=clock, date_format=date_format
        )
        text = "{place}: {n} of {of} values are no {kind}{example}; {mend}"
        raise DataError(Message(text, {**counts, "kind": Message(str(kind)), "mend": mend}))
