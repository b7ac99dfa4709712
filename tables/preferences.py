"""What customers told us that they like, as known before a cutoff.

key        value       event_time
category   tea         03-01          a newer word on a key replaces the older ones;
category   coffee      03-09          several at one moment count together
category   sweets      03-09
"""

from __future__ import annotations

from datetime import date

from tables.engines.expressions import ibis
from tables.tables import Tables

Preferences = dict[str, dict[str, tuple[str, ...]]]
"By customer_id, then by key: the values, sorted."


def preferences_of(tables: Tables, cutoff: date) -> Preferences:
    """What each customer said last of each key before midnight of the cutoff; who said nothing is not there."""
    known = tables.at(cutoff)
    if "preferences" not in known:
        return {}
    said = known["preferences"].select("customer_id", "event_time", "key", "value")
    newest = ibis._.event_time.max().over(group_by=("customer_id", "key"))
    last = said.mutate(newest=newest).filter(ibis._.event_time == ibis._.newest).distinct()
    found: Preferences = {}
    for row in last.order_by("customer_id", "key", "value").to_pyarrow().to_pylist():
        values = found.setdefault(row["customer_id"], {})
        values[row["key"]] = (*values.get(row["key"], ()), row["value"])
    return found
