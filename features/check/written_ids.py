"""Ids that are written in a doubtful way, found among the different ids of each column as the source has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ibis import _

from features.check.data import CheckedData
from features.check.finding import Finding, Severity
from features.check.marks import fetch_one

COLUMNS = ("customer_id", "alias_id", "account_id", "item_id")


def find_written_ids(
    data: CheckedData, pattern: str, *, kind: str, severity: Severity, show: Callable[[str], str] = str
) -> Iterator[Finding]:
    """One finding at most for each column of ids that is text in the source: its ids that match a pattern.

    `show` makes the example readable.
    """
    for name, table in data.checked.items():
        for column in COLUMNS:
            written = data.ids_as_written(name, column) if column in table.columns else None
            if written is None:
                continue
            row = fetch_one(written.filter(_.id.re_search(pattern)).aggregate(n=_.count(), example=_.id.min()))
            if row["n"]:
                yield Finding(
                    kind=kind,
                    severity=severity,
                    table=name,
                    column=column,
                    count=int(row["n"]),
                    of=int(written.count().to_pyarrow().as_py()),
                    example=show(row["example"]),
                    row=data.row_of(row["example"], table=name, column=column),
                )
