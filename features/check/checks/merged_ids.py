"""Ids that were different in the source and became one by `id_width`: two customers who are now one.

Where most ids without their zeros occur with them as well, the column is written in two ways, and that is what
`id_width` is for. Where few do, these are probably two customers.
"""

from __future__ import annotations

from collections.abc import Iterator

import ibis
from ibis import _

from features.check.data import CheckedData, CheckedTable
from features.check.finding import Check, Finding, Severity
from features.check.marks import fetch_one
from features.check.spellings import normalize
from tables.cleaning.source_columns import fill_id

MIN_PAIRS, MIN_SHARE = 10, 0.5
"From so many pairs, and so large a share of the ids without zeros, the column is written in two ways."


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding at most for each column with a width."""
    for table in data.checked.values():
        for column in table.id_columns:
            width = table.columns[column].id_width
            if width is not None:
                yield from _judge(table, column=column, width=width)


def _judge(table: CheckedTable, *, column: str, width: int) -> Iterator[Finding]:
    written = normalize(table.cells(column)[0].cast("string"), skip="leading_zeros")
    ids = table.source.select(id=written).filter(_.id.notnull()).distinct()
    is_short = ids.id.re_search("^[0-9]+$") & (ids.id.length() < width)
    filled = ids.group_by(filled=fill_id(ids.id, width)).aggregate(
        n=_.count(), n_short=is_short.ifelse(1, 0).sum(), id=_.id.min(), other_id=_.id.max()
    )
    counts = fetch_one(
        filled.aggregate(
            n=_.n.sum(),
            n_short=_.n_short.sum(),
            n_pairs=ibis.ifelse(_.n > 1, 1, 0).sum(),
            n_merged=ibis.ifelse(_.n > 1, _.n, 0).sum(),
        )
    )
    if not counts["n_pairs"]:
        return
    is_mixed = counts["n_pairs"] >= max(MIN_PAIRS, MIN_SHARE * counts["n_short"])
    first = fetch_one(filled.filter(_.n > 1).order_by(ibis.asc("filled")).limit(1))
    yield Finding(
        kind="merged_ids",
        severity=Severity.WARNING if is_mixed else Severity.ERROR,
        table=table.name,
        column=column,
        count=int(counts["n_merged"]),
        of=int(counts["n"]),
        example=first["id"],
        values={"other_example": first["other_id"], "width": width},
    )


CHECK = Check(find=find)
