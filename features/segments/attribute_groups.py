"""Which group of customers each one belongs to, by listed attributes that are words: where they live, how old."""

from __future__ import annotations

from datetime import date

from tables.tables import Tables

Segments = dict[str, dict[str, str]]
"By customer_id, then by attribute: its word."


def segments_of(tables: Tables, cutoff: date) -> Segments:
    """The listed words of the customers table, as known before midnight of the cutoff; without the missing ones.

    Attributes that look personal are left out, as they are from features.
    """
    known = tables.at(cutoff)
    if "customers" not in known:
        return {}
    customers = known["customers"]
    listed = [name for name in known.config.attributes.get("customers", ()) if name in customers.columns]
    words = [name for name in listed if customers[name].type().is_string()]
    if not words:
        return {}
    rows = customers.select("customer_id", *words).to_pyarrow().to_pylist()
    return {row.pop("customer_id"): {name: word for name, word in row.items() if word is not None} for row in rows}
