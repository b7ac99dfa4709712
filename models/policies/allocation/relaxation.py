"""The linear relaxation of problems with few kinds of customers, by the simplex method (HiGHS, through SciPy).

Customers with the same values and the same usage are alike, and only their number matters. Where acceptance is known
for each offer but not for each customer, all customers are alike: prices cannot tell them apart, and how many of them
get which option has to be decided together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from models.policies.allocation.problem import NOTHING, AllocationProblem

MAX_VARIABLES = 20_000
"Kinds of customers times options; more take longer than dual descent."
ROUNDING = 1e-7
"The solver's whole numbers are not exact."


@dataclass(frozen=True)
class Relaxation:
    """The best total value if contacts could be divided, which is a bound of the best choice."""

    prices: NDArray[np.float64]
    "(r,)"
    bound: float
    choice: NDArray[np.int64]
    "(n,) the whole contacts of the divided ones, within every limit."


def solve_relaxation(problem: AllocationProblem) -> Relaxation | None:
    """The relaxation, or None where customers are of too many kinds."""
    n_options = problem.values.shape[1]
    possible = problem.is_possible
    own = [one.usage for one in problem.resources if one.usage.ndim > 1]
    cells = np.hstack([np.where(possible, problem.values, -1.0), *own])
    kinds, firsts, kind_of, sizes = np.unique(cells, axis=0, return_index=True, return_inverse=True, return_counts=True)
    if not len(kinds) or len(kinds) * n_options > MAX_VARIABLES:
        return None
    rows, options = np.nonzero(possible[firsts])
    if not len(rows):
        return None
    once = csr_array((np.ones(len(rows)), (rows, np.arange(len(rows)))), shape=(len(kinds), len(rows)))
    usages = [
        one.usage[options] if one.usage.ndim == 1 else one.usage[firsts[rows], options] for one in problem.resources
    ]
    result = linprog(  # pyright: ignore[reportCallIssue] - it takes sparse matrices
        -problem.values[firsts[rows], options],
        A_ub=vstack([once, *(csr_array(usage[None]) for usage in usages)]),  # pyright: ignore[reportArgumentType]
        b_ub=np.concatenate([sizes.astype(np.float64), problem.limits()]),
        method="highs-ds",
    )
    if result.x is None:
        return None
    counts = np.zeros((len(kinds), n_options), dtype=np.int64)
    counts[rows, options] = np.floor(result.x + ROUNDING)
    prices = np.maximum(-result.ineqlin.marginals[len(kinds) :], 0.0)
    return Relaxation(prices, -float(result.fun), _hand_out(counts, kind_of.ravel()))


def _hand_out(counts: NDArray[np.int64], kind_of: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give each kind's options, (kinds, m) counts, to its customers in their order, (n,)."""
    n_nothing = np.bincount(kind_of, minlength=len(counts)) - counts.sum(axis=1)
    options = np.append(np.arange(counts.shape[1]), NOTHING)
    choice = np.empty(len(kind_of), dtype=np.int64)
    by_kind = np.column_stack([counts, n_nothing]).ravel()
    choice[np.argsort(kind_of, kind="stable")] = np.repeat(np.tile(options, len(counts)), by_kind)
    return choice
