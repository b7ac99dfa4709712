"""Vectors of customers and items by alternating exact solves (Rendle et al. 2022), as cheap as approximate ones.

    sum over what was bought   c (x.y - 1)^2
    + alpha0 * sum over every customer and item   (x.y)^2
    + sum over customers   penalty_x |x|^2  +  sum over items   penalty_y |y|^2

With one side on its principal axes the two last terms are diagonal for each row of the other side, so that a row with
h purchases is a system of h x h instead of n_factors x n_factors:

    D = alpha0 * spread + penalty,   V the h vectors bought,   W = diag(c)^1/2 V D^-1/2
    x = D^-1/2 W' (I + W W')^-1 diag(c)^1/2 1

Rows of equal h are solved together, on all cores; which core takes which does not change the result.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import psutil
from scipy import sparse

from models.recommenders.engine.factors import principal_axes
from models.recommenders.engine.one_thread import on_one_thread

NUMBERS_AT_ONCE = 2**20
"Of vectors gathered for the rows that one core solves together: 4 MB."


@dataclass(frozen=True)
class Side:
    """The customers, or the items: what each bought or was bought by, and how strongly its vector is held back."""

    bought: sparse.csr_matrix
    "(n, m) float32 confidence, above zero."
    penalty: np.ndarray
    "(n,) float32, above zero."

    def solved(self, others: np.ndarray, alpha0: float, pool: ThreadPoolExecutor) -> np.ndarray:
        """This side's vectors, (n, f) float32, on some axes, for (m, f) of the other side; zeros without a purchase."""
        spread, axes = principal_axes(others)
        step = HalfStep(self, others @ axes.astype(np.float32), (alpha0 * spread).astype(np.float32))
        vectors = np.zeros((self.bought.shape[0], others.shape[1]), dtype=np.float32)
        groups = list(rows_of_one_length(self.bought.indptr, others.shape[1]))
        for rows, found in zip(groups, pool.map(step.vectors, groups), strict=True):
            vectors[rows] = found
        return vectors


@dataclass(frozen=True)
class HalfStep:
    """One side's systems while the other side stands still."""

    side: Side
    others: np.ndarray
    "(m, f) float32, on principal axes."
    spread: np.ndarray
    "(f,) float32: alpha0 times the spread of the others."

    def vectors(self, rows: np.ndarray) -> np.ndarray:
        """The vectors of (r,) rows that all have as many purchases, (r, f)."""
        bought = self.side.bought
        length = int(bought.indptr[rows[0] + 1] - bought.indptr[rows[0]])
        lines = bought.indptr[rows][:, None] + np.arange(length)
        roots = np.sqrt(bought.data[lines])
        scale = 1 / np.sqrt(self.spread + self.side.penalty[rows][:, None])
        scaled = self.others[bought.indices[lines]]
        scaled *= roots[:, :, None]
        scaled *= scale[:, None, :]
        return scale * solved_from_the_smaller_side(scaled, roots)


def solved_from_the_smaller_side(scaled: np.ndarray, roots: np.ndarray) -> np.ndarray:
    """(I + W'W)^-1 W' r = W' (I + W W')^-1 r for each (h, f) W of (rows, h, f) and r of (rows, h): (rows, f)."""
    across = scaled.transpose(0, 2, 1)
    few = scaled.shape[1] <= scaled.shape[2]
    small = scaled @ across if few else across @ scaled
    diagonal = np.arange(small.shape[1])
    small[:, diagonal, diagonal] += 1
    right = roots[:, :, None]
    found = across @ np.linalg.solve(small, right) if few else np.linalg.solve(small, across @ right)
    return found[:, :, 0]


def rows_of_one_length(indptr: np.ndarray, n_factors: int) -> Iterator[np.ndarray]:
    """Rows with equally many entries, none without, longest first, in groups that fit into NUMBERS_AT_ONCE."""
    lengths = np.diff(indptr)
    order = np.argsort(-lengths, kind="stable")[: np.count_nonzero(lengths)]
    starts = np.flatnonzero(np.diff(lengths[order], prepend=-1))
    for same in np.split(order, starts[1:]):
        at_once = max(1, NUMBERS_AT_ONCE // int(lengths[same[0]] * n_factors)) if len(same) else 1
        yield from (same[start : start + at_once] for start in range(0, len(same), at_once))


def item_vectors(customers: Side, items: Side, first: np.ndarray, alpha0: float, epochs: int) -> np.ndarray:
    """The items' vectors, (m, f) float32, on some axes, after so many rounds from the first (m, f) ones."""
    vectors = first
    with on_one_thread(), ThreadPoolExecutor(psutil.cpu_count()) as pool:
        for _ in range(epochs):
            vectors = items.solved(customers.solved(vectors, alpha0, pool), alpha0, pool)
    return vectors
