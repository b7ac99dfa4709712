"""What was read of a table and what was set aside, counted by the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import add

import ibis
import ibis.expr.types as ir

from features.conforming.conform import SET_ASIDE
from features.contract import TableContract

MODULUS = 1_000_003


@dataclass(frozen=True)
class Intake:
    """One table's count."""

    name: str
    columns: tuple[str, ...]
    "Those of the contract, and listed attributes, that were found."
    rows: int
    "Rows of the source."
    set_aside: Mapping[str, int]
    "Rows that cannot be used, by 'column: cause'."
    first: datetime | None
    "When the first usable row happened; None for tables of things."
    last: datetime | None
    line_versions: int
    "Rows that are other versions of a line already there."
    fingerprint: int
    "Of the content, whatever the order of rows."

    @property
    def kept(self) -> int:
        """Rows that can be used."""
        return self.rows - sum(self.set_aside.values())


def intake_of(conformed: ir.Table, contract: TableContract) -> Intake:
    """Count a conformed table: one pass for its rows, one for what was set aside."""
    names = tuple(name for name in conformed.columns if name != SET_ASIDE)
    usable = conformed.filter(conformed[SET_ASIDE].isnull())
    counts = usable.aggregate(**_counts(usable, contract, names)).to_pyarrow().to_pylist()[0]
    aside = conformed.filter(conformed[SET_ASIDE].notnull()).group_by(SET_ASIDE).aggregate(n=ibis._.count())
    set_aside = {row[SET_ASIDE]: row["n"] for row in aside.order_by(SET_ASIDE).to_pyarrow().to_pylist()}
    return Intake(
        name=contract.name,
        columns=names,
        rows=counts["kept"] + sum(set_aside.values()),
        set_aside=set_aside,
        first=counts["first"],
        last=counts["last"],
        line_versions=counts["line_versions"],
        fingerprint=int(counts["fingerprint"] or 0),
    )


def _counts(usable: ir.Table, contract: TableContract, names: tuple[str, ...]) -> dict[str, ir.Value]:
    time = usable[contract.happens_at].cast("timestamp") if contract.happens_at else ibis.null("timestamp")
    lines = usable.line_id.count() - usable.line_id.nunique() if "line_id" in names else ibis.literal(0)
    return {
        "kept": usable.count(),
        "first": time.min() if contract.happens_at else ibis.null("timestamp"),
        "last": time.max() if contract.happens_at else ibis.null("timestamp"),
        "line_versions": lines,
        "fingerprint": _fingerprint(usable, names),
    }


def _fingerprint(table: ir.Table, names: tuple[str, ...]) -> ir.Value:
    """The sum over rows of a squared row hash: additive, so order is irrelevant, yet cells cannot change places."""
    cells = [_as_small_number(table[name]) * (place + 1) for place, name in enumerate(names)]
    row = reduce(add, cells) % MODULUS
    return (row * row).sum()


def _as_small_number(cell: ir.Value) -> ir.IntegerValue:
    if cell.type().is_string():
        number = cell.hash() % MODULUS
    elif cell.type().is_floating():
        number = ((cell - (cell / MODULUS).floor() * MODULUS) * 1000).round().cast("int64")
    elif cell.type().is_timestamp() or cell.type().is_date():
        number = cell.cast("timestamp").truncate("s").epoch_seconds() % MODULUS
    else:
        number = cell.cast("int64") % MODULUS
    return ibis.coalesce(number.cast("int64"), 0)
