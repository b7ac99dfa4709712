"""Brings a source table under its contract: finds and reads its columns, and gives the reason why a row is excluded.

A row is also excluded if its cells are each readable but contradict each other, or lie outside a scale:

    subscription   |started ....... ended|      valid
                   |ended ... started|          impossible: excluded

So features, labels and figures skip the same rows, and `kizuna check` counts them by reason. Every reason is known as
soon as its row is: nothing in the future decides which rows are excluded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import ibis
import ibis.expr.types as ir

from core.config.data_set import Config
from core.config.sources import ColumnSource, RowMatch, TableSource, ValueFormat, format_of
from core.errors import ConfigError, DataError, did_you_mean
from tables.cleaning.readings import UNREADABLE, Reading, read_column
from tables.cleaning.source_columns import fit_profile, keep_rows, scale_numbers, source_column
from tables.cleaning.workbench import Clock, Workbench
from tables.contract import CONTRACT, TableContract

NPS_SCALE = (0, 10)
IN_TWO_ACCOUNTS = "account_id: of two accounts at once"

Cells = Mapping[str, ir.Value]
"The cells of a row by column."
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


def contract_of(name: str) -> TableContract:
    """The contract of a table that a configuration names. Raises ConfigError for an unknown table."""
    if name not in CONTRACT:
        raise ConfigError(f"unknown table [tables.{name}]{did_you_mean(name, CONTRACT)}")
    return CONTRACT[name]


def conform(raw: ir.Table, contract: TableContract, *, config: Config, source: TableSource | None) -> ir.Table:
    """The contract's columns that the source has, in the contract's types, and the column `excluded_because`.

    Without a source, the raw columns already have the names of the contract. Raises ConfigError for a column that the
    contract does not have, DataError for one that the source lacks or whose type does not fit.
    """
    if source is not None:
        raw, source = fit_profile(raw, source, attributes=config.attributes.get(contract.name, ()))
        raw = keep_rows(raw, source.where, table=contract.name)
    mapped = map_columns(raw, contract, config=config, source=source)
    bench = Workbench(raw, Clock((source and source.time_zone) or config.time_zone, config.time_zone))
    formats = {name: format_of(column, table=source or ValueFormat()) for name, column in mapped.items()}
    readings = {
        name: _read(bench, name, column=column, written=formats[name], contract=contract)
        for name, column in mapped.items()
    }
    readings = scale_numbers(readings, mapped, bench=bench, base_currency=config.currency)
    readings = _take_off_tax(readings, contract, tax_rate=config.money.tax_rate)
    if source is not None and source.returns is not None:
        readings = _negate_returns(readings, _matches(raw, source.returns, contract=contract))
    reasons = [reason for name in readings for reason in _reading_checks(name, readings, contract=contract)]
    values = {name: reading.value for name, reading in readings.items()}
    table = bench.table.select(**values, **{EXCLUDED_BECAUSE: _first_reason(reasons)})
    checks = list(checks_of(contract, {name: table[name] for name in values}, config=config))
    if not checks:
        return table
    return table.mutate(**{EXCLUDED_BECAUSE: table[EXCLUDED_BECAUSE].coalesce(_first_reason(checks))})


def _first_reason(checks: list[Check]) -> ir.Value:
    return ibis.cases(*checks, else_=ibis.null("string")) if checks else ibis.null("string")


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
    for name in names:
        column = mapping.get(name, name if name in raw.columns else None)
        if column is not None:
            mapped[name] = ColumnSource(column=column) if isinstance(column, str) else column
        elif name in contract.mandatory_columns or name in attributes:
            raise DataError(
                f"{contract.name} lacks the column '{name}'; found: {', '.join(raw.columns)}; say which one "
                f"it is under [tables.{contract.name}.columns]"
            )
    return mapped


def _read(
    bench: Workbench, name: str, *, column: ColumnSource, written: ValueFormat, contract: TableContract
) -> Reading:
    kind = contract[name].kind if name in contract else "attribute"
    cells = (
        [source_column(bench.source, str(source), table=contract.name) for source in column.product or (column.column,)]
        if column.constant is None
        else [ibis.literal(column.constant)]
    )
    try:
        return read_column(cells, bench, written=written, kind="number" if column.product else kind)
    except DataError as fault:
        raise DataError(f"{contract.name}.{name}: {fault}") from fault


def _matches(raw: ir.Table, match: RowMatch, *, contract: TableContract) -> ir.Value:
    text = source_column(raw, match.column, table=contract.name).cast("string")
    is_match = text == match.equals if match.equals is not None else text.startswith(match.starts_with or "")
    return is_match.fill_null(False)


def _take_off_tax(readings: dict[str, Reading], contract: TableContract, *, tax_rate: float) -> dict[str, Reading]:
    """The readings with the amounts that include tax net of it."""
    if not tax_rate:
        return readings
    taxed = {name: reading for name, reading in readings.items() if name in contract and contract[name].is_taxed}
    return readings | {name: replace(reading, value=reading.value / (1 + tax_rate)) for name, reading in taxed.items()}


def _negate_returns(readings: dict[str, Reading], is_return: ir.Value) -> dict[str, Reading]:
    def negate(reading: Reading) -> Reading:
        return Reading(ibis.ifelse(is_return, -reading.value.abs(), reading.value), reading.unreadable, reading.fault)

    return {name: negate(r) if name in ("amount", "quantity") else r for name, r in readings.items()}


def _reading_checks(name: str, readings: dict[str, Reading], *, contract: TableContract) -> list[Check]:
    """Whether a cell is unreadable, and whether a required one is missing."""
    checks: list[Check] = []
    reading = readings[name]
    if reading.unreadable is not None:
        checks.append((reading.unreadable, f"{name}: {_describe_fault(name, reading, contract=contract)}"))
    if name in contract.mandatory_columns or name == contract.dating_column(readings):
        checks.append((reading.value.isnull(), f"{name}: missing"))
    return checks


def _describe_fault(name: str, reading: Reading, *, contract: TableContract) -> str:
    kind = contract[name].kind if name in contract else "attribute"
    return f"{reading.fault} {kind}" if reading.fault == UNREADABLE else reading.fault
