"""How to address a customer: their language, and their ids in other systems. `tables` are those known on the day."""

from __future__ import annotations

import ibis
import numpy as np
from numpy.typing import NDArray

from tables.engines.arrays import texts
from tables.tables import Tables

LINE = "line"
"The kind of an identity that is a user id in LINE."


def languages_of(tables: Tables, customer_ids: NDArray[np.str_]) -> NDArray[np.str_]:
    """The language of each customer as the table `customers` has it, such as 'ja'; '' where unknown, (n,)."""
    if "customers" not in tables or "language" not in tables["customers"].columns:
        return np.full(len(customer_ids), "")
    rows = tables["customers"].filter(ibis._.language.notnull()).select("customer_id", "language").to_pyarrow()
    return _look_up(texts(rows["customer_id"]), texts(rows["language"]), customer_ids=customer_ids)


def line_ids_of(tables: Tables, customer_ids: NDArray[np.str_]) -> NDArray[np.str_]:
    """The LINE user id of each customer, the alias of the kind 'line'; '' for none, (n,)."""
    if "identities" not in tables or "kind" not in tables["identities"].columns:
        return np.full(len(customer_ids), "")
    rows = tables["identities"].filter(ibis._.kind.lower() == LINE)
    links = rows.select("customer_id", "alias_id").order_by("customer_id", "alias_id").to_pyarrow()
    return _look_up(texts(links["customer_id"]), texts(links["alias_id"]), customer_ids=customer_ids)


def _look_up(keys: NDArray[np.str_], values: NDArray[np.str_], *, customer_ids: NDArray[np.str_]) -> NDArray[np.str_]:
    by_key = dict(zip(keys.tolist(), values.tolist(), strict=True))
    return np.array([by_key.get(one, "") for one in customer_ids.tolist()], dtype=np.str_)
