"""Amounts as they count: net of tax, and negative for returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import ibis
import ibis.expr.types as ir

from core.config.rows import RowMatch
from tables.cleaning.readings import Reading
from tables.cleaning.source_columns import source_column
from tables.contract_types import TableContract


def take_off_tax(readings: Mapping[str, Reading], contract: TableContract, *, tax_rate: float) -> dict[str, Reading]:
    """The readings with the amounts that include tax net of it, each by the rate of its row where it has one."""
    if not tax_rate:
        return dict(readings)
    rate: ir.Value = ibis.literal(tax_rate)
    if "tax_rate" in readings:
        own = readings["tax_rate"].value.cast("float64")
        rate = ibis.coalesce(ibis.ifelse(own >= 1, own / 100, own), tax_rate)
    taxed = {name: reading for name, reading in readings.items() if name in contract and contract[name].is_taxed}
    return {**readings, **{name: replace(one, value=one.value / (1 + rate)) for name, one in taxed.items()}}


def negate_returns(
    readings: Mapping[str, Reading], match: RowMatch, *, raw: ir.Table, table: str
) -> dict[str, Reading]:
    """The readings with the amounts and quantities of matching rows below zero."""
    text = source_column(raw, match.column, table=table).cast("string")
    is_match = text == match.equals if match.equals is not None else text.startswith(match.starts_with or "")
    is_return = is_match.fill_null(False)

    def negate(reading: Reading) -> Reading:
        return replace(reading, value=ibis.ifelse(is_return, -reading.value.abs(), reading.value))

    return {name: negate(one) if name in ("amount", "quantity") else one for name, one in readings.items()}
