"""Which account each customer belongs to, and who owns it."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from tables.engines.arrays import texts
from tables.tables import Tables


def accounts_of(tables: Tables, customer_ids: NDArray[np.str_], *, cutoff: date | None) -> list[str]:
    """The account of each customer; '' for a customer without one. Without a cutoff, the newest one.

    An account or an owner without a date is that of today: who belongs to whom is no feature of a model.
    """
    if tables.config.customer == "account":
        return [str(one) for one in customer_ids]
    accounts = _pairs(tables, "customers", key="customer_id", value="account_id", cutoff=cutoff)
    return [accounts.get(one, "") for one in map(str, customer_ids)]


def owners_of(tables: Tables, customer_ids: NDArray[np.str_], *, cutoff: date | None, default: str) -> list[str]:
    """The owner of each customer's account, as `accounts_of`; `default` where no account of theirs names one."""
    owners = _pairs(tables, "accounts", key="account_id", value="owner", cutoff=cutoff)
    if not owners:
        return [default] * len(customer_ids)
    return [owners.get(account, "") or default for account in accounts_of(tables, customer_ids, cutoff=cutoff)]


def _pairs(tables: Tables, name: str, *, key: str, value: str, cutoff: date | None) -> dict[str, str]:
    """A column by another one, as known before the cutoff; as it is today where the column has no date."""
    views = (tables.latest(),) if cutoff is None else (tables.at(cutoff), tables.latest())
    for view in views:
        if name in view and value in view[name].columns:
            rows = view[name].select(key, value).to_pyarrow()
            return dict(zip(texts(rows[key]).tolist(), texts(rows[value]).tolist(), strict=True))
    return {}
