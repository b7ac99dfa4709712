"""Ids in full-width letters or digits: one system writes １２３ where another one writes 123."""

from __future__ import annotations

from collections.abc import Iterator

from ibis import _

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from features.check.marks import fetch_one
from features.check.spellings import HAS_WIDE

COLUMNS = ("customer_id", "alias_id", "account_id", "item_id")


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding at most for each column of ids that is text in the source."""
    for name, table in data.checked.items():
        for column in COLUMNS:
            written = data.ids_as_written(name, column) if column in table.columns else None
            if written is None:
                continue
            wide = written.filter(_.id.re_search(HAS_WIDE))
            row = fetch_one(wide.aggregate(n=_.count(), example=_.id.min()))
            if row["n"]:
                yield Finding(
                    kind="wide_ids",
                    severity=Severity.NOTE,
                    table=name,
                    column=column,
                    count=int(row["n"]),
                    of=int(written.count().to_pyarrow().as_py()),
                    example=row["example"],
                    row=data.row_of(row["example"], table=name, column=column),
                )


CHECK = Check(find=find)
