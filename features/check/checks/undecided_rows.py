"""Rows of one thing that are dated alike and say different things: nothing in a database says which is newer.

customer_id  valid_from  country
ada          2024-01-01  DE
ada          2024-01-01  FR        counts: the greater value in the first column of the contract that differs
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis.expr.types as ir

from features.check.data import CheckedData
from features.check.finding import Check, Finding, Severity
from features.check.marks import fetch_one
from tables.cleaning.source_columns import ROW_NUMBER
from tables.contract import CONTRACT
from tables.contract_types import DATING_COLUMNS, TableContract
from tables.known_at import find_ties, order_of_rows


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
                values=_describe_pair(ties, contract, thing=row["example"]),
            )


def _describe_pair(ties: ir.Table, contract: TableContract, *, thing: str) -> dict[str, str]:
    """The first column in which the newest tied rows of a thing differ, its value that counts and the other one."""
    assert contract.key is not None
    rows = ties.filter(ties[contract.key] == thing)
    first, second = rows.order_by(order_of_rows(rows, contract)).limit(2).to_pyarrow().to_pylist()
    dating = next(name for name in DATING_COLUMNS if name in first)
    names = dict.fromkeys((*contract.names, *first))
    column = next(name for name in names if name in first and first[name] != second[name])
    return {
        "day": str(first[dating])[:10],
        "differing": column,
        "winner": _write(first[column]),
        "loser": _write(second[column]),
    }


def _write(value: Any) -> str:
    """A value as text; '' where it is missing."""
    return "" if value is None else str(value)


CHECK = Check(find=find)
