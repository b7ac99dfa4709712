"""The allocation problem: at most one contact for each customer, within budgets and capacities.

    maximise    sum over the contacts made of their value
    subject to  at most one contact for each customer
                sum over the contacts made of what each uses of a resource <= its limit, for each resource

A contact is a pair of a customer and an option, such as an offer in a channel. It is a multiple-choice knapsack problem
with several knapsacks (Kellerer, Pferschy & Pisinger 2004, ch. 11).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput

NOTHING = -1
"The choice of a customer who is not contacted."


@dataclass(frozen=True)
class Resource:
    """A budget or a capacity."""

    name: str
    "As people call it: 'budget', 'capacity of ten_off', 'capacity of mail'."
    limit: float
    "In the unit of `usage`: money or contacts."
    usage: NDArray[np.float64]
    "(m,) what one contact of each option uses, or (n, m) where it depends on the customer; not negative."


@dataclass(frozen=True)
class AllocationProblem:
    """Values of n customers and m options, and the resources that they share."""

    values: NDArray[np.float64]
    "(n, m) expected value of each contact, net of its cost; NaN where the customer may not get the option."
    resources: tuple[Resource, ...] = ()

    def __post_init__(self) -> None:
        for resource in self.resources:
            self._check(resource)

    def _check(self, resource: Resource) -> None:
        if not resource.limit >= 0:
            raise BadInput(f"{resource.name} is {resource.limit}; it must be 0 or more")
        if resource.usage.shape not in ((self.values.shape[1],), self.values.shape):
            raise BadInput(
                f"{resource.name}: usage has shape {resource.usage.shape}; it must be {(self.values.shape[1],)} or "
                f"{self.values.shape}"
            )
        if not (resource.usage >= 0).all():
            raise BadInput(f"{resource.name}: what a contact uses must be 0 or more, and is {resource.usage.min()}")

    @property
    def is_possible(self) -> NDArray[np.bool_]:
        """(n, m) whether a contact pays and could be made if it were the only one."""
        possible = self.values > 0
        for resource in self.resources:
            possible &= resource.usage <= resource.limit
        return possible

    def usage_of(self, choice: NDArray[np.int64]) -> NDArray[np.float64]:
        """What the contacts of a choice, (n,), use of each resource, (r,)."""
        return self.usage_by_customer(choice).sum(axis=1)

    def usage_by_customer(self, choice: NDArray[np.int64]) -> NDArray[np.float64]:
        """What each customer's contact uses of each resource, (r, n)."""
        rows = np.flatnonzero(choice != NOTHING)
        used = np.zeros((len(self.resources), len(choice)))
        for place, resource in enumerate(self.resources):
            usage = resource.usage
            used[place, rows] = usage[choice[rows]] if usage.ndim == 1 else usage[rows, choice[rows]]
        return used

    def value_of(self, choice: NDArray[np.int64]) -> float:
        """The total value of the contacts of a choice, (n,)."""
        rows = np.flatnonzero(choice != NOTHING)
        return float(self.values[rows, choice[rows]].sum())

    def limits(self) -> NDArray[np.float64]:
        """The limit of each resource, (r,)."""
        return np.array([resource.limit for resource in self.resources], dtype=np.float64)


@dataclass(frozen=True)
class Allocation:
    """A choice within every limit, and how far it can be from the best."""

    choice: NDArray[np.int64]
    "(n,) the option of each customer, or NOTHING."
    value: float
    "Total value of the choice."
    bound: float
    "No choice within the limits has a higher total value."
    prices: Mapping[str, float]
    """By resource, what one more unit of it is worth. A customer's best option is the one with the highest value after
    what it uses has been paid at these prices, if that is above 0; so one request needs no solver."""

    @property
    def gap(self) -> float:
        """The share of the best possible value that is lost at most, proven."""
        return 0.0 if self.bound <= 0 else max(0.0, 1 - self.value / self.bound)
