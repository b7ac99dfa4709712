"""What was read of a table and what was set aside, counted by the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import add

import ibis.expr.types as ir

from features.conforming.conform import SET_ASIDE, dated_by
from features.contract import TableContract
from features.expressions import Expression, ibis

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
    repeated_keys: int
    "Rows without a date that name a thing already there."
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
    counts = usable.aggregate(list(_counts(usable, contract, names))).to_pyarrow().to_pylist()[0]
    set_aside = _set_aside(conformed)
    return Intake(
        name=contract.name,
        columns=names,
        rows=counts["kept"] + sum(set_aside.values()),
        set_aside=set_aside,
        first=counts["first"],
        last=counts["last"],
        line_versions=counts["line_versions"],
        repeated_keys=counts["repeated_keys"],
        fingerprint=int(counts["fingerprint"] or 0),
    )


def _set_aside(conformed: ir.Table) -> dict[str, int]:
    aside = conformed.filter(conformed[SET_ASIDE].notnull())
    by_cause = aside.group_by(SET_ASIDE).aggregate(found=ibis._.count()).order_by(SET_ASIDE)
    return {row[SET_ASIDE]: row["found"] for row in by_cause.to_pyarrow().to_pylist()}


def _counts(usable: ir.Table, contract: TableContract, names: tuple[str, ...]) -> tuple[Expression, ...]:
    time: Expression = usable[contract.happens_at].cast("timestamp") if contract.happens_at else None
    never = ibis.null("timestamp")
    dated = dated_by(contract, names) is not None
    return (
        usable.count().name("kept"),
        (never if time is None else time.min()).name("first"),
        (never if time is None else time.max()).name("last"),
        _repeated(usable, "line_id" if "line_id" in names else None).name("line_versions"),
        _repeated(usable, None if dated else contract.key).name("repeated_keys"),
        _fingerprint(usable, names).name("fingerprint"),
    )


def _repeated(table: ir.Table, column: str | None) -> Expression:
    """How many rows repeat a value that is there already."""
    return ibis.literal(0) if column is None else table[column].count() - table[column].nunique()


def _fingerprint(table: ir.Table, names: tuple[str, ...]) -> Expression:
    """The sum over rows of a squared row hash: additive, so order is irrelevant, yet cells cannot change places."""
    cells = [_as_small_number(table[name]) * (place + 1) for place, name in enumerate(names)]
    row = reduce(add, cells) % MODULUS
    return (row * row).sum()


def _as_small_number(cell: Expression) -> Expression:
    if cell.type().is_string():
        number = cell.hash() % MODULUS
    elif cell.type().is_floating():
        number = ((cell - (cell / MODULUS).floor() * MODULUS) * 1000).round().cast("int64")
    elif cell.type().is_timestamp() or cell.type().is_date():
        number = cell.cast("timestamp").truncate("s").epoch_seconds() % MODULUS
    else:
        number = cell.cast("int64") % MODULUS
    return ibis.coalesce(number.cast("int64"), 0)
