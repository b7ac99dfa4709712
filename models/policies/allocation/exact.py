"""The best choice of a small problem, by branch and bound (HiGHS; Huangfu & Hall 2018), through SciPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, vstack

from models.policies.allocation.problem import NOTHING, AllocationProblem

MAX_SECONDS = 5.0
"Where the search takes longer, the best choice so far counts."


def choose_exactly(problem: AllocationProblem) -> tuple[NDArray[np.int64], float]:
    """The best choice, (n,), and an upper bound of its value, which it reaches unless time ran out."""
    rows, options = np.nonzero(problem.is_possible)
    choice = np.full(len(problem.values), NOTHING)
    if not len(rows):
        return choice, 0.0
    values, places = problem.values[rows, options], np.arange(len(rows))
    once = csr_array((np.ones(len(rows)), (rows, places)), shape=(len(choice), len(rows)))
    usages = [one.usage[options] if one.usage.ndim == 1 else one.usage[rows, options] for one in problem.resources]
    result = milp(
        -values,
        integrality=np.ones(len(rows), dtype=np.int64),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(
            vstack([once, *(csr_array(usage[None]) for usage in usages)]),
            ub=np.concatenate([np.ones(len(choice)), problem.limits()]),
        ),
        options={"time_limit": MAX_SECONDS, "mip_rel_gap": 0.0},
    )
    if result.x is None:
        return choice, float(values.sum())
    made = result.x > 0.5
    choice[rows[made]] = options[made]
    return choice, -float(result.mip_dual_bound)
