"""Columns that features cannot use: they look personal, or nothing says when they were recorded."""

from __future__ import annotations

from collections.abc import Iterator

from features.check.data import CheckedData, CheckedTable
from features.check.finding import Check, Finding, Severity, list_texts
from tables.contract import CONTRACT
from tables.known_at import columns_without_date
from tables.personal_columns import PersonalColumn, find_personal_columns
from tables.tables import Tables


def find(data: CheckedData) -> Iterator[Finding]:
    """One finding for each personal column, and one for the undated columns of a table."""
    if data.tables is None:
        return
    for name, table in data.checked.items():
        n_columns = len(table.source.columns)
        for personal in (*data.tables.personal_columns(name), *_unread_personal_columns(table)):
            yield Finding(
                kind="personal_column",
                severity=Severity.NOTE,
                table=name,
                column=personal.column,
                count=1,
                of=n_columns,
                values={"content": personal.looks_like},
            )
        undated = _find_undated(data.tables, name)
        if undated:
            yield Finding(
                kind="undated_columns",
                severity=Severity.NOTE,
                table=name,
                column=undated[0],
                count=len(undated),
                of=n_columns,
                setting=f"as_of_today = {list_texts(f'{name}.{column}' for column in undated)}",
                values={"columns": undated},
            )


def _unread_personal_columns(table: CheckedTable) -> tuple[PersonalColumn, ...]:
    """Personal columns of the source that no setting names, so they are not even read."""
    if table.name == "consents":
        return ()  # No feature reads them; their other columns are those of the customers.
    read = {name for column in table.columns for name in table.source_names(column)}
    unread = [column for column in table.source.columns if column not in read]
    return find_personal_columns(table.name, table.source, columns=unread)


def _find_undated(tables: Tables, name: str) -> tuple[str, ...]:
    contract, columns = CONTRACT[name], tables.load_report(name).columns
    dating = contract.dating_column(columns)
    return tuple(
        column
        for column in columns_without_date(contract, columns)
        if f"{name}.{column}" not in tables.config.as_of_today and column != dating
    )


CHECK = Check(find=find)
