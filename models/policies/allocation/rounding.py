"""A choice within every limit, from prices.

At the right prices all but a few customers have one best option. Those few are indifferent, and so what they get is
decided by what is left: where the best options together use too much of a resource, the contacts that lose least are
given up; then what is left goes to the contacts that gain most.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.policies.allocation.prices import Dual
from models.policies.allocation.problem import NOTHING, AllocationProblem

ROUNDING = 1e-9
"Of a limit: sums of money may exceed it by so much, because floats do not add up exactly."
MAX_FILLED = 4
"Contacts tried for each customer, when what is left is given away."


def round_choice(dual: Dual, prices: NDArray[np.float64]) -> NDArray[np.int64]:
    """The choice of each customer at these prices, (n,), changed until it keeps every limit."""
    return improve_choice(dual, prices, choice=choose_best(dual.values_after(prices)))


def improve_choice(dual: Dual, prices: NDArray[np.float64], *, choice: NDArray[np.int64]) -> NDArray[np.int64]:
    """A choice, (n,), changed until it keeps every limit, with contacts added as long as something is left."""
    improved, reduced = choice.copy(), dual.values_after(prices)
    _give_up(dual.problem, reduced, choice=improved)
    _fill(dual.problem, reduced, choice=improved)
    return improved


def choose_best(reduced: NDArray[np.float64]) -> NDArray[np.int64]:
    """The option with the highest value after prices, or NOTHING where none is above 0, (n,)."""
    if not reduced.shape[1]:
        return np.full(len(reduced), NOTHING)
    best = reduced.argmax(axis=1)
    return np.where(np.take_along_axis(reduced, best[:, None], axis=1)[:, 0] > 0, best, NOTHING)


def _give_up(problem: AllocationProblem, reduced: NDArray[np.float64], *, choice: NDArray[np.int64]) -> None:
    """Withdraw, in place, the contacts that lose least for each unit, until no resource is used beyond its limit."""
    limits = problem.limits() * (1 + ROUNDING)
    for place, resource in enumerate(problem.resources):
        used = problem.usage_by_customer(choice)[place]
        excess = used.sum() - limits[place]
        if excess <= 0:
            continue
        users = np.flatnonzero(used > 0)
        # A customer who loses this contact may get one that does not use the resource.
        others = np.where(resource.usage > 0, -np.inf, reduced)[users].max(axis=1, initial=0.0)
        losses = (reduced[users, choice[users]] - others) / used[users]
        order = users[np.argsort(losses, kind="stable")]
        n_withdrawn = int(np.searchsorted(np.cumsum(used[order]), excess)) + 1
        choice[order[:n_withdrawn]] = NOTHING


def _fill(problem: AllocationProblem, reduced: NDArray[np.float64], *, choice: NDArray[np.int64]) -> None:
    """Make, in place, the contacts that gain most after prices, as long as they keep every limit."""
    contacts = np.flatnonzero(choice != NOTHING)
    current, current_value = np.zeros(len(choice)), np.zeros(len(choice))
    current[contacts] = reduced[contacts, choice[contacts]]
    current_value[contacts] = problem.values[contacts, choice[contacts]]
    left = problem.limits() * (1 + ROUNDING) - problem.usage_of(choice)
    gains = np.where(problem.is_possible & (problem.values > current_value[:, None]), reduced, -np.inf)
    gains -= current[:, None]
    gains[~_fits(problem, left, choice=choice)] = -np.inf
    for row, option in _in_order(gains):
        change = _usage_at(problem, row, option=option) - _usage_at(problem, row, option=int(choice[row]))
        value = problem.values[row, option]
        if value > current_value[row] and (change <= left).all():
            left -= change
            choice[row], current_value[row] = option, value


def _fits(problem: AllocationProblem, left: NDArray[np.float64], *, choice: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(n, m) whether what is left, and what the customer's contact would return, suffices for a contact."""
    fits = np.ones(problem.values.shape, dtype=bool)
    for resource, own, rest in zip(problem.resources, problem.usage_by_customer(choice), left, strict=True):
        fits &= resource.usage - own[:, None] <= rest
    return fits


def _in_order(gains: NDArray[np.float64]) -> list[tuple[int, int]]:
    """The contacts with the highest gains, the highest first."""
    flat = gains.ravel()
    n_tried = min(int(np.isfinite(flat).sum()), MAX_FILLED * len(gains))
    if not n_tried:
        return []
    top = np.argpartition(-flat, n_tried - 1)[:n_tried]
    rows, options = np.divmod(top[np.argsort(-flat[top], kind="stable")], gains.shape[1])
    return list(zip(rows.tolist(), options.tolist(), strict=True))


def _usage_at(problem: AllocationProblem, row: int, *, option: int) -> NDArray[np.float64]:
    """What one contact uses of each resource, (r,)."""
    if option == NOTHING:
        return np.zeros(len(problem.resources))
    return np.array([one.usage[option] if one.usage.ndim == 1 else one.usage[row, option] for one in problem.resources])
