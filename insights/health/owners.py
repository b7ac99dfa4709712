"""Whose a customer is: the owner of their account, as known today."""

from __future__ import annotations

import numpy as np

from tables.engines.arrays import texts
from tables.engines.expressions import Expression
from tables.tables import Tables


def owners_of(tables: Tables, customer_ids: np.ndarray, otherwise: str) -> list[str]:
    """The owner of each of these customers; `otherwise` where no account of theirs names one."""
    known = tables.latest()
    if "accounts" not in known or "owner" not in known["accounts"].columns:
        return [otherwise] * len(customer_ids)
    owners = _pairs(known["accounts"], "account_id", "owner")
    accounts: dict[str, str] = {}
    if tables.config.customer == "person" and "customers" in known and "account_id" in known["customers"].columns:
        accounts = _pairs(known["customers"], "customer_id", "account_id")
    return [owners.get(accounts.get(one, one), "") or otherwise for one in map(str, customer_ids)]


def _pairs(table: Expression, key: str, value: str) -> dict[str, str]:
    found = table.select(key, value).to_pyarrow()
    return dict(zip(texts(found[key]).tolist(), texts(found[value]).tolist(), strict=True))
