"""Ids of one table that differ only in writing: two customers who are probably one."""

from __future__ import annotations

from collections.abc import Iterator

import ibis
import ibis.expr.types as ir
from ibis import _

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from features.check.links import differing_spellings
from features.check.marks import fetch_one

COLUMNS = ("customer_id", "account_id", "item_id")
"Ids that name the same thing in many rows. Ids of orders, lines and the like occur once."


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding at most for each column of ids."""
    for name, table in data.checked.items():
        for column in COLUMNS:
            if column in table.columns and data.has_ids(name, column):
                yield from _compare(data, name, column=column)


def _compare(data: CheckedData, table: str, *, column: str) -> Iterator[Finding]:
    ids = data.ids(table, column)
    row = fetch_one(ids.aggregate(n=_.count(), n_plain=_.plain.nunique()))
    n_repeated = int(row["n"]) - int(row["n_plain"])
    if not n_repeated:
        return
    groups = ids.group_by("plain").aggregate(id=_.id.min(), other_id=_.id.max(), n_ids=_.count())
    pairs = data.store(groups.filter(_.n_ids > 1))
    first = fetch_one(pairs.order_by(ibis.asc("plain")).limit(1))
    spellings = differing_spellings(pairs)
    yield Finding(
        kind="similar_ids",
        severity=Severity.WARNING,
        table=table,
        column=column,
        count=n_repeated,
        of=int(row["n"]),
        example=first["id"],
        setting=_suggest_width(data, table, column=column, pairs=pairs) if spellings == ("leading_zeros",) else None,
        values={"other_example": first["other_id"], "spellings": spellings},
    )


def _suggest_width(data: CheckedData, table: str, *, column: str, pairs: ir.Table) -> str | None:
    """The setting that makes one id of each pair, if those with zeros all have the same number of digits."""
    names = data[table].source_names(column)
    widths = fetch_one(pairs.aggregate(least=pairs.id.length().min(), most=pairs.id.length().max()))
    if len(names) != 1 or widths["least"] != widths["most"]:
        return None
    return f'{column} = {{ column = "{names[0]}", id_width = {widths["most"]} }}'


CHECK = Check(find=find)
