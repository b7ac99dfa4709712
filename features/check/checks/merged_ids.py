"""Ids that were different in the source and became one by `id_width`: two customers who are now one."""

from __future__ import annotations

from collections.abc import Iterator

import ibis
from ibis import _

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from features.check.marks import fetch_one
from features.check.spellings import normalize
from tables.cleaning.source_columns import fill_id


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding at most for each column with a width."""
    for name, table in data.checked.items():
        for column in table.id_columns:
            width = table.columns[column].id_width
            if width is None:
                continue
            written = normalize(table.cells(column)[0].cast("string"), skip="leading_zeros")
            ids = table.source.select(id=written).filter(_.id.notnull()).distinct()
            filled = ids.group_by(filled=fill_id(ids.id, width)).aggregate(
                n=_.count(), id=_.id.min(), other_id=_.id.max()
            )
            merged = filled.filter(_.n > 1)
            counts = fetch_one(merged.aggregate(n=_.n.sum()))
            if counts["n"]:
                first = fetch_one(merged.order_by(ibis.asc("filled")).limit(1))
                yield Finding(
                    kind="merged_ids",
                    severity=Severity.ERROR,
                    table=name,
                    column=column,
                    count=int(counts["n"]),
                    of=int(ids.count().to_pyarrow().as_py()),
                    example=first["id"],
                    values={"other_example": first["other_id"], "width": width},
                )


CHECK = Check(find=find)
