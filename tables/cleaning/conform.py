"""One source table under its contract: columns found and read, and for each row the cause to set it aside, if any."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import mul, or_

import ibis.expr.types as ir

from core.config.data_set import Config
from core.config.sources import ColumnSource, RowMatch, TableSource
from core.errors import ConfigError, DataError, did_you_mean
from tables.cleaning.contradictions import contradictions_in
from tables.cleaning.readings import READERS, UNREADABLE, Reading, read_attribute, read_number
from tables.cleaning.workbench import Clock, Workbench
from tables.contract import CONTRACT, TableContract
from tables.engines.expressions import Expression, ibis

SET_ASIDE = "set_aside"
"The column that says why a row cannot be used, as 'column: cause'; NULL for rows that can."


def contract_of(name: str) -> TableContract:
    """The contract of a table that a configuration names."""
    if name not in CONTRACT:
        raise ConfigError(f"unknown table [tables.{name}]{did_you_mean(name, CONTRACT)}")
    return CONTRACT[name]


def conform(raw: ir.Table, contract: TableContract, config: Config, source: TableSource | None) -> ir.Table:
    """The contract's columns that the source has, as the contract wants them, and `set_aside`.

    Without a source the raw columns are called as in the contract already. Raises ConfigError for a column that no
    contract knows, DataError for one that the source lacks or whose type does not fit.
    """
    mapped = columns_of(raw, contract, config, source)
    bench = Workbench(raw, Clock((source and source.time_zone) or config.time_zone, config.time_zone))
    readings = {name: _read(raw, contract, name, column, bench) for name, column in mapped.items()}
    if source is not None and source.returns is not None:
        readings = _with_returns(readings, _matches(raw, source.returns, contract))
    causes = [cause for name, reading in readings.items() for cause in _causes(contract, readings, name, reading)]
    values = {name: reading.value for name, reading in readings.items()}
    read = bench.table.select(**values, **{SET_ASIDE: _first_of(causes)})
    contradictions = list(contradictions_in(contract, {name: read[name] for name in values}, config))
    return read.mutate(**{SET_ASIDE: read[SET_ASIDE].coalesce(_first_of(contradictions))}) if contradictions else read


def _first_of(causes: list[tuple[Expression, str]]) -> Expression:
    return ibis.cases(*causes, else_=ibis.null("string")) if causes else ibis.null("string")


def columns_of(
    raw: ir.Table, contract: TableContract, config: Config, source: TableSource | None
) -> dict[str, ColumnSource]:
    """Which source column each column of the contract comes from, in the contract's order."""
    attributes = config.attributes.get(contract.name, ()) if contract.lists_attributes else ()
    known = (*contract.names, *(name for name in attributes if name not in contract))
    stated: Mapping[str, str | ColumnSource] = source.columns if source is not None else {}
    for name in stated:
        if name not in known:
            raise ConfigError(f"[tables.{contract.name}.columns]: unknown column '{name}'{did_you_mean(name, known)}")
    found = {}
    for name in known:
        column = stated.get(name, name if name in raw.columns else None)
        if column is not None:
            found[name] = ColumnSource(column=column) if isinstance(column, str) else column
        elif name in contract.required or name in attributes:
            raise DataError(
                f"{contract.name} lacks the column '{name}'; found: {', '.join(raw.columns)}; say which one "
                f"it is under [tables.{contract.name}.columns]"
            )
    return found


def _source_column(raw: ir.Table, name: str, contract: TableContract) -> Expression:
    if name not in raw.columns:
        raise DataError(f"the source of {contract.name} has no column '{name}'{did_you_mean(name, raw.columns)}")
    return raw[name]


def _read(raw: ir.Table, contract: TableContract, name: str, column: ColumnSource, bench: Workbench) -> Reading:
    if column.product is not None:
        factors = [read_number(_source_column(raw, factor, contract), bench) for factor in column.product]
        faults = [factor.unreadable for factor in factors if factor.unreadable is not None]
        value = reduce(mul, (factor.value for factor in factors))
        return Reading(value, reduce(or_, faults) if faults else None)
    if column.constant is not None:
        cell: Expression = ibis.literal(column.constant)
    else:
        cell = _without_stand_ins(_source_column(raw, str(column.column), contract), column, bench)
    reader = READERS[contract[name].kind] if name in contract else read_attribute
    try:
        return reader(cell, bench)
    except DataError as fault:
        raise DataError(f"{contract.name}.{name}: {fault}") from fault


def _without_stand_ins(cell: Expression, column: ColumnSource, bench: Workbench) -> Expression:
    """The cell, NULL where it holds a value that stands for missing."""
    text = cell.cast("string")
    stands_in = [text.isin(column.null_values)] if column.null_values else []
    stands_in += [text.startswith(start) for start in column.null_prefixes]
    if not stands_in:
        return cell
    return bench.step(ibis.ifelse(reduce(or_, stands_in), ibis.null(cell.type()), cell))


def _matches(raw: ir.Table, match: RowMatch, contract: TableContract) -> Expression:
    text = _source_column(raw, match.column, contract).cast("string")
    found = text == match.equals if match.equals is not None else text.startswith(match.starts_with or "")
    return found.fill_null(False)


def _with_returns(readings: dict[str, Reading], returned: Expression) -> dict[str, Reading]:
    def negative(reading: Reading) -> Reading:
        return Reading(ibis.ifelse(returned, -reading.value.abs(), reading.value), reading.unreadable, reading.fault)

    return {name: negative(r) if name in ("amount", "quantity") else r for name, r in readings.items()}


def _causes(
    contract: TableContract, readings: dict[str, Reading], name: str, reading: Reading
) -> list[tuple[Expression, str]]:
    causes = []
    if reading.unreadable is not None:
        causes.append((reading.unreadable, f"{name}: {_fault(contract, name, reading)}"))
    if name in contract.required or name == dated_by(contract, readings):
        causes.append((reading.value.isnull(), f"{name}: missing"))
    return causes


def _fault(contract: TableContract, name: str, reading: Reading) -> str:
    kind = contract[name].kind if name in contract else "attribute"
    return f"{reading.fault} {kind}" if reading.fault == UNREADABLE else reading.fault


def dated_by(contract: TableContract, columns: Mapping[str, object] | tuple[str, ...]) -> str | None:
    """The column that dates the rows of a table of things, where it is there; each of its rows then needs it."""
    if contract.key is None:
        return None
    return next((name for name in ("valid_from", "recorded_time") if name in contract and name in columns), None)
