"""What the name of a column says about its numbers: moments, days, or ids."""

from __future__ import annotations

from tables.contract import CONTRACT
from tables.discovery.vocabulary import id_form, load_vocabulary


def is_called_id(name: str) -> bool:
    """Whether a name is that of ids and of no time: customer 1700000123 is no moment of 2023."""
    if kinds_of_time(name):
        return False
    rank_of = load_vocabulary().rank_of
    ids = [(table.name, one.name) for table in CONTRACT.values() for one in table.columns if one.kind == "id"]
    return bool(id_form(name)) or any(rank_of(name, table=table, column=column) is not None for table, column in ids)


def kinds_of_time(name: str) -> set[str]:
    """Whether a name is that of a moment ("time") or a day such as a birthday ("date") of any table."""
    rank_of = load_vocabulary().rank_of
    return {
        column.kind
        for table in CONTRACT.values()
        for column in table.columns
        if column.kind in ("time", "date") and rank_of(name, table=table.name, column=column.name) is not None
    }
