"""Which account each customer belongs to, and who owns it."""

from __future__ import annotations

import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from tables.engines.arrays import texts
from tables.tables import Tables


def accounts_of(tables: Tables, customer_ids: NDArray[np.str_]) -> list[str]:
    """The account of each customer; '' for a customer without one. `tables` are those known on the day."""
    if tables.config.customer == "account":
        return [str(one) for one in customer_ids]
    if "customers" not in tables or "account_id" not in tables["customers"].columns:
        return [""] * len(customer_ids)
    accounts = _pairs(tables["customers"], key="customer_id", value="account_id")
    return [accounts.get(one, "") for one in map(str, customer_ids)]


def owners_of(tables: Tables, customer_ids: NDArray[np.str_], *, default: str) -> list[str]:
    """The owner of each customer's account; `default` where no account of theirs names one."""
    if "accounts" not in tables or "owner" not in tables["accounts"].columns:
        return [default] * len(customer_ids)
    owners = _pairs(tables["accounts"], key="account_id", value="owner")
    return [owners.get(account, "") or default for account in accounts_of(tables, customer_ids)]


def _pairs(table: ir.Table, *, key: str, value: str) -> dict[str, str]:
    rows = table.select(key, value).to_pyarrow()
    return dict(zip(texts(rows[key]).tolist(), texts(rows[value]).tolist(), strict=True))
