"""What was read of a table and what was set aside, counted by the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import add

import ibis.expr.types as ir

from tables.cleaning.conform import SET_ASIDE, dated_by
from tables.contract import TableContract
from tables.engines.expressions import Expression, ibis

MODULUS = 1_000_003
OWN_IDS = ("line_id", "subscription_id", "ticket_id", "order_id")
"By which a single row is called."


@dataclass(frozen=True)
class LoadReport:
    """One table's count."""

    name: str
    columns: tuple[str, ...]
    "Those of the contract, and listed attributes, that were found."
    kept: int
    "Rows that can be used."
    set_aside: Mapping[str, int]
    "Rows that cannot be used, by 'column: cause'."
    first: datetime | None
    "When the first usable row happened; None for tables of things."
    last: datetime | None
    line_versions: int
    "Rows that are other versions of a line already there."
    repeated_keys: int
    "Rows without a date that name a thing already there."
    examples: Mapping[str, str] = field(default_factory=dict)
    "An id of one of the rows set aside, by cause; where none of them has one, the cause is not in it."

    @property
    def rows(self) -> int:
        """Rows of the source."""
        return self.kept + sum(self.set_aside.values())


def intake_of(conformed: ir.Table, contract: TableContract) -> LoadReport:
    """Count a conformed table in one pass."""
    names = tuple(name for name in conformed.columns if name != SET_ASIDE)
    counts = conformed.group_by(SET_ASIDE).aggregate(list(_counts(conformed, contract, names)))
    by_cause = {row[SET_ASIDE]: row for row in counts.order_by(SET_ASIDE).to_pyarrow().to_pylist()}
    usable = by_cause.pop(None, {})
    return LoadReport(
        name=contract.name,
        columns=names,
        kept=usable.get("kept", 0),
        set_aside={cause: row["kept"] for cause, row in by_cause.items()},
        first=usable.get("first"),
        last=usable.get("last"),
        line_versions=usable.get("line_versions", 0),
        repeated_keys=usable.get("repeated_keys", 0),
        examples={cause: row["example"] for cause, row in by_cause.items() if row["example"] is not None},
    )


def _counts(table: ir.Table, contract: TableContract, names: tuple[str, ...]) -> tuple[Expression, ...]:
    time: Expression = table[contract.happens_at].cast("timestamp") if contract.happens_at else ibis.null("timestamp")
    undated_key = contract.key if dated_by(contract, names) is None else None
    return (
        table.count().name("kept"),
        (time.max() if contract.happens_at else time).name("last"),
        (time.min() if contract.happens_at else time).name("first"),
        _repeated(table, "line_id" if "line_id" in names else None).name("line_versions"),
        _repeated(table, undated_key).name("repeated_keys"),
        _example_id(table, contract, names).name("example"),
    )


def _example_id(table: ir.Table, contract: TableContract, names: tuple[str, ...]) -> Expression:
    """The first id by which people find a row again: its own, otherwise its customer's."""
    of_contract = [name for name in (*OWN_IDS, *contract.names) if name in contract and name in names]
    ids = [table[name] for name in of_contract if contract[name].kind == "id"]
    return ibis.coalesce(*ids).min() if ids else ibis.null("string")


def _repeated(table: ir.Table, column: str | None) -> Expression:
    """How many rows repeat a value that is there already."""
    return ibis.literal(0) if column is None else table[column].count() - table[column].nunique()


def fingerprint_of(usable: ir.Table) -> int:
    """The sum over rows of a squared row hash: additive, so order is irrelevant, yet cells cannot change places."""
    cells = [_as_small_number(usable[name]) * (place + 1) for place, name in enumerate(usable.columns)]
    row = reduce(add, cells) % MODULUS
    return int(usable.aggregate((row * row).sum().name("sum")).to_pyarrow().to_pylist()[0]["sum"] or 0)


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
