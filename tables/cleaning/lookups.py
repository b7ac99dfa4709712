"""Joins a second file to the rows of a table by a key: the order of each order line.

    order_lines.csv   order_id, sku, quantity, price        A1 tea 2 4.50
    orders.csv        order_id, customer, date, total       A1 ada 2024-03-01 9.00
    the table         order_id, sku, quantity, price, customer, date, total

A row keeps its place and its number. Its columns win: one that both have is called `lookup.<name>` in the second file.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
from ibis import _

from core.config.lookup import Lookup
from core.config.sources import ValueFormat
from core.errors import DataError
from core.i18n.message import Message
from tables.cleaning.readings import read_column
from tables.cleaning.source_columns import ROW_NUMBER, columns_of, source_column
from tables.cleaning.workbench import Clock, Workbench

KEY, OTHER_KEY = "kizuna_lookup_key", "kizuna_lookup_other_key"
PREFIX = "lookup."
UTC = Clock("UTC", "UTC")


@dataclass(frozen=True, kw_only=True)
class LookupMatch:
    """How many rows of a table found their row in the second file, and the other way about."""

    on: str
    "The column of the table with the key."
    other: str
    "The second file or table, by its name."
    n_rows: int
    n_unmatched: int
    "Rows of the table whose key is not in the second file, or that have none."
    example: str | None
    "A key that is not in the second file."
    n_keys: int
    "Keys of the second file."
    n_unused: int
    "Those that no row of the table has."
    unused_example: str | None


def join_lookup(
    raw: ir.Table, other: ir.Table, *, lookup: Lookup, table: str, written: ValueFormat
) -> tuple[ir.Table, LookupMatch]:
    """The table with the columns of the second file, and how well they match.

    Keys are read as ids are. Raises DataError for a column that does not exist and for a key that occurs twice in the
    second file: its rows would count twice.
    """
    rows = _with_key(raw, lookup.on, written=written, table=table)
    others = _with_key(other, lookup.key or lookup.on, written=written, table=f"{table}.lookup")
    _refuse_repeated_keys(others, lookup, table=table)
    key = lookup.key or lookup.on
    names = {
        (f"{PREFIX}{name}" if name in columns_of(raw) else name): name
        for name in columns_of(other)
        if name != key.strip()
    }
    columns = {new: source_column(others, name, table=table) for new, name in names.items()}
    side = others.select(**columns, **{OTHER_KEY: others[KEY]}).filter(others[KEY].notnull())
    joined = rows.left_join(side, [(KEY, OTHER_KEY)])
    return joined.drop(KEY, OTHER_KEY), _count(rows, side, lookup=lookup)


def _with_key(raw: ir.Table, column: str, *, written: ValueFormat, table: str) -> ir.Table:
    """The source with its key, read by the rule of ids."""
    bench = Workbench(raw, UTC)
    key = read_column([source_column(raw, column, table=table)], bench, written=written, kind="id").value
    return bench.select(*raw.columns, **{KEY: key})


def _refuse_repeated_keys(others: ir.Table, lookup: Lookup, *, table: str) -> None:
    number = others[ROW_NUMBER] if ROW_NUMBER in others.columns else ibis.null("int64")
    keys = others.select(key=others[KEY], number=number).filter(_.key.notnull())
    counts = keys.group_by("key").aggregate(n=_.count(), first=_.number.min(), last=_.number.max())
    repeated = counts.filter(_.n > 1)
    example = repeated.order_by("first", "key").limit(1).to_pyarrow().to_pylist()
    if example:
        n_repeated = int(repeated.count().to_pyarrow().as_py())
        pair = {"first": example[0]["first"] or 0, "last": example[0]["last"] or 0}
        raise DataError(
            Message(
                "{other}: {n} values of {key} occur more than once, e.g. '{example}'{rows}; keep one row each, or name "
                "another file or key under {section}",
                {
                    "other": lookup.label,
                    "n": n_repeated,
                    "key": lookup.key or lookup.on,
                    "example": example[0]["key"],
                    "rows": Message(" (rows {first} and {last})", pair) if example[0]["first"] else "",
                    "section": f"[tables.{table}.lookup]",
                },
            )
        )


def _count(rows: ir.Table, side: ir.Table, *, lookup: Lookup) -> LookupMatch:
    """Count on both sides what has no match."""
    own = rows.select(key=rows[KEY]).group_by("key").aggregate(n=_.count())
    keys = side.select(other=OTHER_KEY)
    keys_of_rows = own.left_join(keys, [("key", "other")])
    unmatched = ibis.ifelse(keys_of_rows.other.isnull(), keys_of_rows.n, 0)
    no_text = ibis.null("string")
    ours = keys_of_rows.aggregate(
        n=keys_of_rows.n.sum(),
        n_unmatched=unmatched.sum(),
        example=ibis.ifelse(keys_of_rows.other.isnull(), keys_of_rows.key, no_text).min(),
    )
    looked_up = keys.left_join(own.select("key"), [("other", "key")])
    theirs = looked_up.aggregate(
        n=looked_up.count(),
        n_unused=ibis.ifelse(looked_up.key.isnull(), 1, 0).sum(),
        example=ibis.ifelse(looked_up.key.isnull(), looked_up.other, no_text).min(),
    )
    (of_rows,), (of_keys,) = (counts.to_pyarrow().to_pylist() for counts in (ours, theirs))
    return LookupMatch(
        on=lookup.on,
        other=lookup.label,
        n_rows=int(of_rows["n"] or 0),
        n_unmatched=int(of_rows["n_unmatched"] or 0),
        example=of_rows["example"],
        n_keys=int(of_keys["n"] or 0),
        n_unused=int(of_keys["n_unused"] or 0),
        unused_example=of_keys["example"],
    )
