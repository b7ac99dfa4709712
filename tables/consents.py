"""What customers permit and prefer, as known before a cutoff.

    purpose       granted  event_time      key        value    event_time
    contact       yes      03-01           category   tea      03-01
    contact       no       03-09           category   coffee   03-09
    contact:mail  no       03-09           category   sweets   03-09

The latest consent for a purpose counts, and a customer without one has not refused. `contact` holds for every channel,
`contact:<channel>` for one: a contact needs both. The latest preference for a key replaces older ones; several at the
same moment count together.
"""

from __future__ import annotations

from datetime import date
from typing import Literal, get_args

import ibis
import numpy as np
from numpy.typing import NDArray

from core.contact_state import OF_CHANNEL
from tables.engines.arrays import texts
from tables.tables import Tables

Purpose = Literal["recommend", "contact", "score"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)

Preferences = dict[str, dict[str, tuple[str, ...]]]
"By customer_id, then by key: the values, sorted."


def customers_refusing(tables: Tables, purpose: Purpose, *, cutoff: date) -> NDArray[np.str_]:
    """The customers whose latest consent for a purpose, before midnight of the cutoff, is a refusal; (n,) sorted.

    A refusal wins over a consent of the same moment. Empty if there is no consents table.
    """
    ids, purposes = _find_refusals(tables, cutoff)
    return np.sort(ids[purposes == purpose])


def refusing_by_channel(tables: Tables, *, cutoff: date) -> dict[str, NDArray[np.str_]]:
    """The customers whose latest consent for contact in a channel is a refusal, sorted, by channel in lower case."""
    ids, purposes = _find_refusals(tables, cutoff)
    return {
        name.removeprefix(OF_CHANNEL).strip(): np.sort(ids[purposes == name])
        for name in np.unique(purposes).tolist()
        if name.startswith(OF_CHANNEL)
    }


def _find_refusals(tables: Tables, cutoff: date) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    """The customers whose latest consent for a purpose is a refusal, and that purpose, in lower case; both (n,)."""
    view = tables.at(cutoff)
    if "consents" not in view:
        return np.empty(0, dtype="U1"), np.empty(0, dtype="U1")
    consents = view["consents"].mutate(purpose=ibis._.purpose.strip().lower())
    order = [ibis.desc("event_time"), ibis.asc("granted")]
    ranks = consents.mutate(consent_rank=ibis.row_number().over(group_by=("customer_id", "purpose"), order_by=order))
    refusals = ranks.filter((ibis._.consent_rank == 0) & ~ibis._.granted, ibis._.customer_id.notnull())
    rows = refusals.select("customer_id", "purpose").to_pyarrow()
    return texts(rows["customer_id"]), texts(rows["purpose"])


def load_preferences(tables: Tables, cutoff: date) -> Preferences:
    """The latest preferences of each customer before midnight of the cutoff; customers without any are absent."""
    view = tables.at(cutoff)
    if "preferences" not in view:
        return {}
    rows = view["preferences"].select("customer_id", "event_time", "key", "value")
    newest = ibis._.event_time.max().over(group_by=("customer_id", "key"))
    latest = rows.mutate(newest=newest).filter(ibis._.event_time == ibis._.newest).distinct()
    preferences: Preferences = {}
    for row in latest.order_by("customer_id", "key", "value").to_pyarrow().to_pylist():
        values = preferences.setdefault(row["customer_id"], {})
        values[row["key"]] = (*values.get(row["key"], ()), row["value"])
    return preferences
