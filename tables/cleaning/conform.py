"""Brings a source table under its contract: finds and reads its columns, and gives the reason why a row is excluded.

A row is also excluded if its cells are each readable but contradict each other, or lie outside a scale:

    subscription   |started ....... ended|      valid
                   |ended ... started|          impossible: excluded

So features, labels and figures skip the same rows, and `kizuna check` counts them by reason. Every reason is known as
soon as its row is: nothing in the future decides which rows are excluded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import ibis
import ibis.expr.types as ir

from core.config.data_set import Config
from core.config.sources import ColumnSource, TableSource, ValueFormat, format_of
from core.errors import ConfigError, DataError, did_you_mean
from core.i18n.message import Message
from tables.bad_lines import NO_BAD_LINES, BadLines
from tables.cleaning.amounts import negate_returns, take_off_tax
from tables.cleaning.clocks import find_clock_digits, find_zoneless_clocks, notes_of_digits
from tables.cleaning.evidence import ReadingNote, WrittenColumn, find_evidence
from tables.cleaning.readings import UNREADABLE, Reading, read_column
from tables.cleaning.source_cells import cells_of
from tables.cleaning.source_columns import (
    ROW_NUMBER,
    cells_of_minus,
    columns_of,
    fill_ids,
    fit_profile,
    keep_rows,
    negate,
    scale_numbers,
    take_off,
)
from tables.cleaning.workbench import Clock, Workbench
from tables.contract_types import Kind, TableContract

NPS_SCALE = (0, 10)
IN_TWO_ACCOUNTS = "account_id: of two accounts at once"

Cells = Mapping[str, ir.Value]
Check = tuple[ir.Value, str]
"Whether a row fails, and the reason as 'column: reason'."


def checks_of(contract: TableContract, cells: Cells, *, config: Config) -> Iterator[Check]:
    """The checks of a table whose columns are present; the first one that a row fails is its reason.

    What the contract says of single columns comes first, then scales and accounts.
    """
    # Order of time before minima, each by column name: a row with two faults is always counted under the same one.
    columns = sorted((column for column in contract.columns if column.name in cells), key=lambda column: column.name)
    for column in columns:
        if column.not_before is not None and column.not_before in cells:
            yield cells[column.name] < cells[column.not_before], f"{column.name}: before {column.not_before}"
    for column in columns:
        if column.minimum is not None:
            below = "below zero" if column.minimum == 0 else f"below {column.minimum:g}"
            yield cells[column.name] < column.minimum, f"{column.name}: {below}"
    if contract.name == "surveys" and {"kind", "score"} <= set(cells):
        yield _is_off_scale("nps", cells, scale=NPS_SCALE), "score: no NPS of 0 to 10"
        yield _is_off_scale("csat", cells, scale=config.csat_scale), "score: not on the csat_scale"
    if contract.name == "customers" and {"customer_id", "account_id"} <= set(cells):
        yield _is_in_two_accounts(cells), IN_TWO_ACCOUNTS


def _is_off_scale(kind: str, cells: Cells, *, scale: tuple[float, float]) -> ir.BooleanValue:
    lowest, highest = scale
    return (cells["kind"].lower() == kind) & ((cells["score"] < lowest) | (cells["score"] > highest))


def _is_in_two_accounts(cells: Cells) -> ir.BooleanValue:
    """Whether another row of the same customer and moment names another account."""
    same_moment = [cells[name] for name in ("customer_id", "valid_from", "recorded_time") if name in cells]
    rows = ibis.window(group_by=same_moment)
    account = cells["account_id"]
    return account.min().over(rows) != account.max().over(rows)


EXCLUDED_BECAUSE = "excluded_because"
"The column with the reason why a row cannot be used, as 'column: reason'; NULL for usable rows."
EXCLUDED_VALUE = "excluded_value"
"The column with the value that is the reason, as text."
BOOKKEEPING = (EXCLUDED_BECAUSE, EXCLUDED_VALUE, ROW_NUMBER)
"Columns of a conformed table that are not in the contract."


@dataclass(frozen=True)
class Conformed:
    """A table under its contract, before its excluded rows are dropped; its bad lines are no rows."""

    rows: ir.Table
    "The contract's columns that the source has, and `BOOKKEEPING`; row numbers only where the source has them."
    notes: tuple[ReadingNote, ...]
    "How columns were read where their values decided it."
    assumed: tuple[str, ...] = ()
    "Columns of the rows that the source does not have."
    bad_lines: BadLines = NO_BAD_LINES


def conform(raw: ir.Table, contract: TableContract, *, config: Config, source: TableSource | None) -> Conformed:
    """The contract's columns that the source has, in the contract's types, with the reason to exclude each row.

    Without a source, the raw columns already have the names of the contract. Raises ConfigError for a column that the
    contract does not have, DataError for one that the source lacks or whose values or type do not fit.
    """
    if source is not None:
        raw, source = fit_profile(raw, source, attributes=config.attributes.get(contract.name, ()))
        raw = keep_rows(raw, source.where, table=contract.name)
    mapped = map_columns(raw, contract, config=config, source=source)
    formats = {name: format_of(column, table=source or ValueFormat()) for name, column in mapped.items()}
    taken_off = {name: cells_of_minus(raw, column, table=contract.name) for name, column in mapped.items()}
    kinds: dict[str, Kind | Literal["attribute"]] = {
        name: "number" if column.product else contract[name].kind if name in contract else "attribute"
        for name, column in mapped.items()
    }
    is_monthly = source is not None and source.monthly_snapshots
    if is_monthly:
        kinds |= {"started_at": "date"}
    digits = find_clock_digits(raw, mapped, table=contract.name, formats=formats)
    zoneless = find_zoneless_clocks(raw, mapped, table=contract.name, source=source)
    columns = {
        name: cells_of(
            raw,
            column,
            place=f"{contract.name}.{name}",
            kind=kinds[name],
            written=formats[name],
            base_currency=config.currency,
            digits=digits.get(name),
            is_zoneless=name in zoneless,
        )
        for name, column in mapped.items()
    }
    texts = [
        WrittenColumn(name, cell, kind=kinds[name], written=formats[name])
        for name, cells in columns.items()
        for cell in [*cells, *taken_off[name]]
        if mapped[name].constant is None
    ]
    evidence = find_evidence(contract.name, raw, columns=texts)
    notes = (*evidence.notes, *notes_of_digits(digits))
    formats |= evidence.formats
    for name in evidence.numeric:
        kinds[name] = "number"
    currency = columns["currency"][0].cast("string").strip().upper() if "currency" in columns else None
    bench = Workbench(
        raw,
        Clock((source and source.time_zone) or config.time_zone, config.time_zone),
        currency=config.currency if currency is None else currency.nullif("").coalesce(config.currency),
    )
    readings = {
        name: _read(bench, f"{contract.name}.{name}", cells=cells, written=formats[name], kind=kinds[name])
        for name, cells in columns.items()
    }
    for name, cells in taken_off.items():
        readings[name] = take_off(readings[name], cells, bench=bench, written=formats[name])
    readings = negate(readings, mapped, bench=bench, kinds=kinds, table=contract.name)
    readings = scale_numbers(
        fill_ids(readings, mapped), mapped, bench=bench, base_currency=config.currency, table=contract.name
    )
    readings = take_off_tax(readings, contract, tax_rate=config.money.tax_rate)
    if source is not None and source.returns is not None:
        readings = negate_returns(readings, source.returns, raw=raw, table=contract.name)
    if is_monthly:
        readings["started_at"] = replace(readings["started_at"], value=readings["started_at"].value.cast("timestamp"))
    return Conformed(_with_reasons(bench, readings, contract=contract, config=config), notes)


def _with_reasons(
    bench: Workbench, readings: Mapping[str, Reading], *, contract: TableContract, config: Config
) -> ir.Table:
    reasons = [reason for name in readings for reason in _reading_checks(name, readings, contract=contract)]
    values = {name: reading.value for name, reading in readings.items()}
    texts = {name: reading.written for name, reading in readings.items()}
    numbers = {ROW_NUMBER: bench.source[ROW_NUMBER]} if ROW_NUMBER in bench.source.columns else {}
    table = bench.select(
        **values, **numbers, **{EXCLUDED_BECAUSE: _first_reason(reasons), EXCLUDED_VALUE: _first_value(reasons, texts)}
    )
    checks = list(checks_of(contract, {name: table[name] for name in values}, config=config))
    if not checks:
        return table
    texts = {name: table[name].cast("string") for name in values}
    because, value = table[EXCLUDED_BECAUSE], table[EXCLUDED_VALUE]
    return table.mutate(
        **{
            EXCLUDED_BECAUSE: because.coalesce(_first_reason(checks)),
            EXCLUDED_VALUE: ibis.ifelse(because.isnull(), _first_value(checks, texts), value),
        }
    )


def _first_reason(checks: list[Check]) -> ir.Value:
    return ibis.cases(*checks, else_=ibis.null("string")) if checks else ibis.null("string")


def _first_value(checks: list[Check], texts: Mapping[str, ir.Value | None]) -> ir.Value:
    """The cell that makes a row fail, as text."""
    no_text = ibis.null("string")
    columns = [(fails, reason.partition(":")[0]) for fails, reason in checks]
    cells = [(fails, no_text if texts[column] is None else texts[column]) for fails, column in columns]
    return ibis.cases(*cells, else_=no_text) if cells else no_text


def map_columns(
    raw: ir.Table, contract: TableContract, *, config: Config, source: TableSource | None
) -> dict[str, ColumnSource]:
    """The source column of each column of the contract, in the contract's order."""
    attributes = config.attributes.get(contract.name, ()) if contract.lists_attributes else ()
    names = (*contract.names, *(name for name in attributes if name not in contract))
    mapping: Mapping[str, str | ColumnSource] = source.columns if source is not None else {}
    for name in mapping:
        if name not in names:
            raise ConfigError(f"[tables.{contract.name}.columns]: unknown column '{name}'{did_you_mean(name, names)}")
    mapped: dict[str, ColumnSource] = {}
    suffices = bool(contract.suffices) and {*contract.suffices} <= {*mapping, *columns_of(raw)}
    for name in names:
        column = mapping.get(name, name if name in columns_of(raw) else None)
        is_unread = name == "tax_rate" and not config.money.tax_included and name not in (*mapping, *attributes)
        if is_unread and column is not None and raw[name].type().is_string():
            continue  # Words such as 'reduced' in a column that nothing reads are no mistake.
        if column is not None:
            mapped[name] = ColumnSource(column=column) if isinstance(column, str) else column
        elif name in attributes or (name in contract.mandatory_columns and not suffices):
            values = {"table": contract.name, "column": name, "columns": ", ".join(columns_of(raw))}
            text = "{table} lacks the column '{column}'; found: {columns}; say which one it is under {section}"
            raise DataError(Message(text, {**values, "section": f"[tables.{contract.name}.columns]"}))
    return mapped


def _read(
    bench: Workbench, place: str, *, cells: list[ir.Value], written: ValueFormat, kind: Kind | Literal["attribute"]
) -> Reading:
    try:
        return read_column(cells, bench, written=written, kind=kind)
    except DataError as fault:
        raise DataError(f"{place}: {fault}") from fault


def _reading_checks(name: str, readings: Mapping[str, Reading], *, contract: TableContract) -> list[Check]:
    """Whether a cell is unreadable, and whether a required one is missing."""
    reading = readings[name]
    checks: list[Check] = [(has_fault, f"{name}: {fault}") for has_fault, fault in reading.other_faults]
    if reading.unreadable is not None:
        checks.append((reading.unreadable, f"{name}: {_describe_fault(name, reading, contract=contract)}"))
    is_needed = name in contract and (contract[name].required or contract[name].is_complete)
    if is_needed or name == contract.dating_column(readings):
        checks.append((reading.value.isnull(), f"{name}: missing"))
    return checks


def _describe_fault(name: str, reading: Reading, *, contract: TableContract) -> str:
    kind = contract[name].kind if name in contract else "attribute"
    return f"{reading.fault} {kind}" if reading.fault == UNREADABLE else reading.fault
