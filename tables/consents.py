"""Who has refused what: the last word before a cutoff counts, and silence refuses nothing."""

from __future__ import annotations

from datetime import date
from typing import Literal, get_args

import numpy as np

from tables.engines.arrays import texts
from tables.engines.expressions import ibis
from tables.tables import Tables

Purpose = Literal["recommend", "contact", "score"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)


def refused(tables: Tables, purpose: Purpose, cutoff: date) -> np.ndarray:
    """The customers whose last word on this purpose, before midnight of the cutoff, is no; (n,) text 'U', sorted.

    Of a yes and a no at one moment the no counts. Nobody has refused anything where there is no consents table.
    """
    known = tables.at(cutoff)
    if "consents" not in known:
        return np.empty(0, dtype="U1")
    said = known["consents"].filter(ibis._.purpose.strip().lower() == purpose)
    order = [ibis.desc("event_time"), ibis.asc("granted")]
    ranked = said.mutate(word_rank=ibis.row_number().over(group_by="customer_id", order_by=order))
    last = ranked.filter((ibis._.word_rank == 0) & ~ibis._.granted).select("customer_id").to_pyarrow()
    return np.sort(texts(last["customer_id"]))
