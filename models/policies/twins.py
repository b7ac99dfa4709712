"""Customers to whom all options are worth the same: a limit reaches only some of them, and which is arbitrary.

    capacity 2      ada 1.5   bo 1.5   cyd 1.5   dan 1.5        cyd is of the control group
                    contact   contact  ?         capacity

At the price of the capacity, 1.5, none of them is worth more than nothing. A control group that chose by prices alone
would have no member like ada and bo; so the share of its members is the same as that of the others: 2 in 3.
Requests come one by one and see prices alone; as large a share of them is contacted.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from models.policies.allocation.problem import NOTHING

ROUNDING = 1e-9
"Of a value: after its price has been paid, what is left of it is not exactly 0."


def is_worth_its_price(values_after: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(n, m) whether a contact is worth what it uses, and no more; values after prices and before, (n, m)."""
    return (values > 0) & (np.abs(values_after) <= ROUNDING * np.abs(values))


def find_share_at_price(
    choice: NDArray[np.int64], values_after: NDArray[np.float64], *, values: NDArray[np.float64]
) -> float:
    """Of the customers whose best contact is worth its price and no more, the share who get one; 0 without any."""
    at_price = is_worth_its_price(values_after, values)
    is_indifferent = at_price.any(axis=1) & ~((values_after > 0) & ~at_price).any(axis=1)
    return float((choice[is_indifferent] != NOTHING).mean()) if is_indifferent.any() else 0.0


def follow_twins(
    choice: NDArray[np.int64], values: NDArray[np.float64], *, members: NDArray[np.bool_], withheld: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """The choice, (n,), in which the members of control groups get what customers like them get, as often.

    `values`, (n, m), are NaN where an option is not allowed. Members without a contacted customer like them keep their
    choice, as do those from whom the contact of that one is not `withheld`, (n, m).
    """
    followed = choice.copy()
    for rows in _find_twins(values):
        own, others = rows[members[rows]], choice[rows[~members[rows]]]
        contacts = others[others != NOTHING]
        if not len(own) or not len(contacts):
            continue
        n = round(len(contacts) / len(others) * len(own))
        lots = np.full(len(own), NOTHING)
        lots[:n] = contacts[np.arange(n) * len(contacts) // max(n, 1)]
        follows = (lots == NOTHING) | withheld[own, lots]
        followed[own[follows]] = lots[follows]
    return followed


def _find_twins(values: NDArray[np.float64]) -> Iterator[NDArray[np.int64]]:
    """The rows of each group of customers with the same values, ascending; groups of one are left out."""
    if not values.size:
        return
    cells = np.ascontiguousarray(values + 0.0)  # -0 is 0
    keys = cells.view(np.dtype((np.void, cells.dtype.itemsize * cells.shape[1]))).ravel()
    _, groups, sizes = np.unique(keys, return_inverse=True, return_counts=True)
    order = np.argsort(groups, kind="stable")
    ends = np.cumsum(sizes)
    for place in np.flatnonzero(sizes > 1).tolist():
        yield order[ends[place] - sizes[place] : ends[place]]
