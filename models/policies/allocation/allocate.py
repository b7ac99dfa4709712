"""Allocates contacts to customers: prices, a choice at these prices, and for small problems the exact choice.

few kinds of customers   linear relaxation, whole contacts of it, the rest greedily
others                   dual descent, the best option of each customer at its prices, repaired greedily
small and not proven     branch and bound
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from models.policies.allocation.exact import choose_exactly
from models.policies.allocation.prices import Dual, find_prices
from models.policies.allocation.problem import Allocation, AllocationProblem
from models.policies.allocation.relaxation import solve_relaxation
from models.policies.allocation.rounding import choose_best, improve_choice, round_choice

MAX_EXACT_CONTACTS = 5_000
"Possible contacts up to which the exact choice is searched too, where the one at prices may not be the best."
PROVEN = 1e-6
"A smaller gap is none."


def allocate(problem: AllocationProblem) -> Allocation:
    """The choice with the highest total value that was found, within every limit, and the proven gap to the best.

    With one budget this makes contacts in the order of value over cost: its price is the ratio of the last one.
    """
    dual, relaxation = Dual.of(problem), solve_relaxation(problem)
    if relaxation is None:
        prices = find_prices(dual)
        choice, bound = round_choice(dual, prices), dual.bound(prices)
    else:
        prices, bound = relaxation.prices, relaxation.bound
        choice = improve_choice(dual, prices, choice=relaxation.choice)
    allocation = _describe(problem, choice, bound=bound, prices=prices)
    if allocation.gap <= PROVEN or int(problem.is_possible.sum()) > MAX_EXACT_CONTACTS:
        return allocation
    exact, exact_bound = choose_exactly(problem)
    best = max((choice, exact), key=problem.value_of)
    return _describe(problem, best, bound=min(bound, exact_bound), prices=prices)


def choose_at_prices(problem: AllocationProblem, prices: Mapping[str, float]) -> NDArray[np.int64]:
    """The best option of each customer at given prices, (n,): what a request gets without a solver.

    A resource without a price is free.
    """
    by_resource = np.array([prices.get(resource.name, 0.0) for resource in problem.resources])
    return choose_best(Dual.of(problem).values_after(by_resource))


def _describe(
    problem: AllocationProblem, choice: NDArray[np.int64], *, bound: float, prices: NDArray[np.float64]
) -> Allocation:
    names = [resource.name for resource in problem.resources]
    value = problem.value_of(choice)
    # A bound is computed with rounding errors and cannot be below what was reached.
    return Allocation(choice, value, max(bound, value), dict(zip(names, prices.tolist(), strict=True)))
