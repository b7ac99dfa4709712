"""Rows of one thing that are dated alike and say different things: nothing in a database says which is newer."""

from __future__ import annotations

from collections.abc import Iterator

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from features.check.marks import fetch_one
from tables.cleaning.source_columns import ROW_NUMBER
from tables.contract import CONTRACT
from tables.known_at import find_ties


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding at most for each table of things; in files, the later line counts and nothing is undecided."""
    if data.tables is None:
        return
    for name, table in data.checked.items():
        contract = CONTRACT[name]
        dating = contract.dating_column(table.rows.columns)
        if contract.key is None or dating is None or ROW_NUMBER in table.rows.columns:
            continue
        ties = find_ties(table.rows, contract)
        row = fetch_one(ties.aggregate(n=ties.count(), example=ties[contract.key].min()))
        if row["n"]:
            yield Finding(
                kind="undecided_rows",
                severity=Severity.WARNING,
                table=name,
                column=dating,
                count=int(row["n"]),
                of=data.tables.load_report(name).n_usable,
                example=row["example"],
            )


CHECK = Check(find=find)
