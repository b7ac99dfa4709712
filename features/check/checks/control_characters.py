"""Ids with invisible control characters, such as zero bytes, which make one customer two."""

from __future__ import annotations

from collections.abc import Iterator

from ibis import _

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from features.check.marks import fetch_one

HAS_CONTROL = r"[\x00-\x08\x0E-\x1F\x7F]"
COLUMNS = ("customer_id", "alias_id", "account_id", "item_id")


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding at most for each column of ids that is text in a file; PostgreSQL holds no zero bytes."""
    for name, table in data.checked.items():
        for column in COLUMNS:
            written = data.ids_as_written(name, column) if column in table.columns else None
            if written is None:
                continue
            ids = written.filter(_.id.re_search(HAS_CONTROL))
            row = fetch_one(ids.aggregate(n=_.count(), example=_.id.min()))
            if row["n"]:
                yield Finding(
                    kind="control_characters",
                    severity=Severity.WARNING,
                    table=name,
                    column=column,
                    count=int(row["n"]),
                    of=int(written.count().to_pyarrow().as_py()),
                    example=ascii(row["example"])[1:-1],
                    row=data.row_of(row["example"], table=name, column=column),
                )


CHECK = Check(find=find)
