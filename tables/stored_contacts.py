"""Adds contacts that Kizuna itself has decided to the table `contacts`: the company need not export and map them.

contacts of the source        decision_id d1    from a mailing tool    -
stored decisions              d1                -                      d2
contacts                      d1, as stored     from a mailing tool    d2
"""

from __future__ import annotations

import pyarrow as pa

from tables.added_rows import add_table, conform_rows, replace_rows, select_columns
from tables.tables import Tables, usable_rows

CONTACTS = "contacts"
RESPONSES = ("opened_at", "clicked_at", "converted_at", "unsubscribed_at")
SAME_MOMENT = ("customer_id", "event_time")
"A contact of a source without `decision_id` is known by these."


def add_contacts(tables: Tables, rows: pa.Table) -> Tables:
    """The tables with further contacts in the form of the contract; one that the source has already counts once.

    Responses of which there is none are not recorded, as far as is known: a rate of them would be zero and wrong.
    """
    if not len(rows):
        return tables
    rows = rows.drop_columns([name for name in RESPONSES if rows[name].null_count == len(rows)])
    added = conform_rows(tables, CONTACTS, rows=rows)
    if CONTACTS not in tables:
        return add_table(tables, CONTACTS, added=added)
    stored, own = usable_rows(added), tables.usable[CONTACTS]
    keys = ("decision_id",) if "decision_id" in own.columns else SAME_MOMENT
    others = own.anti_join(stored.select(*keys), list(keys))
    types = {name: table[name].type() for table in (stored, own) for name in table.columns}
    merged = select_columns(others, types).union(select_columns(stored, types))
    return replace_rows(tables, CONTACTS, rows=merged)
