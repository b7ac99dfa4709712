"""Customers of the past under the id that they are known by now."""

from __future__ import annotations

import numpy as np
from ibis import _

from core.interactions import codes_of
from tables.engines.arrays import texts
from tables.identities import followed, newest_links
from tables.tables import Tables


def known_now_as(tables: Tables, customer_ids: np.ndarray) -> np.ndarray:
    """The id that each one's facts stand under in `tables.latest()`, (n,) text 'U'.

    A store card that was a customer of its own at a cutoff, and turned out to be ada's later, is ada.
    """
    if "identities" not in tables:
        return customer_ids
    chains = followed(newest_links(tables["identities"]))
    merged = chains.filter(~_.open_ended).to_pyarrow()
    aliases, owners = texts(merged["alias_id"]), texts(merged["customer_id"])
    order = np.argsort(aliases)
    places = codes_of(customer_ids, aliases[order])
    return np.where(places >= 0, np.append(owners[order], "")[places], customer_ids)
