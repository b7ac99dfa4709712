"""iALS: matrix factorisation with frequency-scaled regularisation (Rendle et al. 2022), fitted by our own solver.

    sum over purchases   c (x.y - 1)^2
    + alpha0 * sum over every customer and item   (x.y)^2
    + sum over customers   penalty_x |x|^2  +  sum over items   penalty_y |y|^2

    c = 1 + alpha * (decayed number of purchases)
    f = (sum of c over a history) + alpha0 * m        m items; for an item the same over its customers
    penalty = regularization * alpha0 * m * (f / (alpha0 * m))^frequency_power

With frequency_power 1 the penalty is regularization * f. In this form a given regularization has about the same effect
whatever the power, and folding in a history needs nothing else from the fit.

The solver alternates exact solves, at the cost of approximate ones. With one side on its principal axes the last two
terms are diagonal for each row of the other side, so a row with h purchases is a system of h x h instead of
n_factors x n_factors:

    D = alpha0 * spread + penalty,   V the h vectors bought,   W = diag(c)^1/2 V D^-1/2
    x = D^-1/2 W' (I + W W')^-1 diag(c)^1/2 1

Rows of equal h are solved together, on all cores; which core solves which rows does not change the result.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import psutil
from numpy.typing import NDArray
from scipy import sparse

from core.interactions import Interactions
from models.recommenders.engine.factors import FactorRecommender, principal_axes
from models.recommenders.engine.search_ranges import HALF_LIVES, POPULARITY_POWER, SPANS, Between, OneOf, Ranges
from models.resources import GB, limit_blas_to_one_thread
from models.setting_types import Count, HalfLife, NotNegative, Passes, Positive, Power, Seed

NUMBERS_AT_ONCE = 2**20
"Numbers in the vectors gathered for the rows that one core solves together: 4 MB."


@dataclass(eq=False)
class Ials(FactorRecommender):
    """Ranks items by the dot product of item and customer vectors, fitted by iALS."""

    name: ClassVar[str] = "ials"
    ranges: ClassVar[Ranges] = {
        "half_life_days": HALF_LIVES,
        "span_days": SPANS,
        "popularity_power": POPULARITY_POWER,
        "n_factors": OneOf((32, 64, 128, 256)),
        "alpha0": Between(0.01, 10, log=True),
        "regularization": Between(0.0001, 0.01, log=True),
        "frequency_power": Between(0, 1),
        "epochs": Between(3, 8, whole=True),
        "alpha": Between(0.3, 10, log=True),
    }

    # NDCG@10 on online_retail II, mean of 28 days from 2010-07-07 and 2010-08-04, about 60 settings: .377 with these.
    # Near them: alpha0 8 .377, 2.5 .375; from there 64, 256 factors .352, .381, 10 epochs .374, span_days 180 .373.
    # The best that a search found with alpha0 below .9 had .367, with a frequency_power of 0 .375.
    popularity_power: Power = 0.2

    n_factors: Count = 128
    "Length of the customer and item vectors."

    alpha0: Positive = 4.0
    "Confidence that a customer does not want an item without a purchase; an old purchase has 1. Above 0."

    regularization: Positive = 0.001
    "Penalty for each unit of frequency. Above 0."

    frequency_power: Power = 1.0
    "How the penalty grows with the number of purchases: 0 not at all, 1 in proportion."

    alpha: NotNegative = 4.0
    "How much more confidence a purchase of today has than an old one; repeat purchases add up."

    half_life_days: HalfLife | None = 180.0

    epochs: Passes = 5
    "Rounds of exact solves; 8 are no better than 4."

    seed: Seed = 7

    def _fit_model(self, interactions: Interactions) -> None:
        confidence = interactions.matrix(self.half_life_days, self.cutoff_)
        confidence.data[:] = self._confidence(confidence.data)
        start = np.random.default_rng(self.seed).normal(0, 0.1, (confidence.shape[1], self.n_factors))
        start = (start / np.sqrt(self.n_factors)).astype(np.float32)
        customers, items = self._side(confidence), self._side(sparse.csr_matrix(confidence.T))
        vectors = fit_item_vectors(customers, items, start=start, alpha0=self.alpha0, epochs=self.epochs)
        self._set_factors(vectors, weight=self.alpha0)

    def _side(self, confidence: sparse.csr_matrix) -> Side:
        sums = np.asarray(confidence.sum(axis=1)).ravel()
        return Side(confidence, self._penalty(sums, confidence.shape[1]).astype(np.float32))

    def _confidence(self, purchases: NDArray[np.floating]) -> NDArray[np.floating]:
        return 1 + self.alpha * purchases

    def _penalty(self, confidence: NDArray[Any] | float, n_others: int) -> NDArray[Any]:
        """The penalty of a row with this sum of confidence, where the other side has `n_others` rows."""
        unobserved = self.alpha0 * max(1, n_others)  # the other side may be empty: all purchases may be anonymous
        return self.regularization * unobserved * (1 + confidence / unobserved) ** self.frequency_power

    def _system(
        self, purchases: NDArray[np.float64]
    ) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]:
        confidence = self._confidence(purchases)
        return confidence, confidence, self.ridge_ + self._penalty(confidence.sum(), len(self.item_ids))

    def memory_gb(self, interactions: Interactions) -> float:
        """Vectors of both sides, those of the items five times over while they are drawn, and the matrix twice."""
        rows = 2 * len(interactions) + 5 * len(interactions.item_ids)
        vectors = 4 * self.n_factors * (rows + 6 * self.n_factors)
        return (vectors + 16 * len(interactions.items)) / GB


@dataclass(frozen=True)
class Side:
    """The customers, or the items: their purchases, and the penalty on each vector."""

    confidence: sparse.csr_matrix
    "(n, m) float32, above zero for a purchase."
    penalty: NDArray[np.float32]
    "(n,) above zero."

    def solve(self, others: NDArray[np.float32], *, alpha0: float, pool: ThreadPoolExecutor) -> NDArray[np.float32]:
        """This side's vectors, (n, f) on some axes, given the other side's (m, f); zeros for rows without purchases."""
        spread, axes = principal_axes(others)
        step = HalfStep(self, others @ axes.astype(np.float32), (alpha0 * spread).astype(np.float32))
        vectors = np.zeros((self.confidence.shape[0], others.shape[1]), dtype=np.float32)
        groups = list(group_rows_by_length(self.confidence.indptr, others.shape[1]))
        for rows, solution in zip(groups, pool.map(step.solve_rows, groups), strict=True):
            vectors[rows] = solution
        return vectors


@dataclass(frozen=True)
class HalfStep:
    """The systems of one side while the vectors of the other side are fixed."""

    side: Side
    others: NDArray[np.float32]
    "(m, f) on principal axes."
    spread: NDArray[np.float32]
    "(f,) alpha0 times the eigenvalues of the others' V'V."

    def solve_rows(self, rows: NDArray[np.integer]) -> NDArray[np.floating]:
        """(r, f) vectors of r rows that all have the same number of purchases."""
        confidence = self.side.confidence
        length = int(confidence.indptr[rows[0] + 1] - confidence.indptr[rows[0]])
        lines = confidence.indptr[rows][:, None] + np.arange(length)
        roots = np.sqrt(confidence.data[lines])
        scale = 1 / np.sqrt(self.spread + self.side.penalty[rows][:, None])
        scaled = self.others[confidence.indices[lines]]
        scaled *= roots[:, :, None]
        scaled *= scale[:, None, :]
        return scale * solve_smaller_system(scaled, roots)


def solve_smaller_system(scaled: NDArray[np.floating], roots: NDArray[np.floating]) -> NDArray[np.floating]:
    """(I + W'W)^-1 W' r = W' (I + W W')^-1 r for each (h, f) W of (rows, h, f) and r of (rows, h): (rows, f)."""
    transposed = scaled.transpose(0, 2, 1)
    is_short = scaled.shape[1] <= scaled.shape[2]
    small = scaled @ transposed if is_short else transposed @ scaled
    diagonal = np.arange(small.shape[1])
    small[:, diagonal, diagonal] += 1
    right = roots[:, :, None]
    if is_short:
        return (transposed @ np.linalg.solve(small, right))[:, :, 0]
    return np.linalg.solve(small, transposed @ right)[:, :, 0]


def group_rows_by_length(indptr: NDArray[np.integer], n_factors: int) -> Iterator[NDArray[np.int64]]:
    """Non-empty rows in groups of equal length, longest first; a group fits into NUMBERS_AT_ONCE."""
    lengths = np.diff(indptr)
    order = np.argsort(-lengths, kind="stable")[: np.count_nonzero(lengths)]
    starts = np.flatnonzero(np.diff(lengths[order], prepend=-1))
    for same in np.split(order, starts[1:]):
        n_at_once = max(1, NUMBERS_AT_ONCE // int(lengths[same[0]] * n_factors)) if len(same) else 1
        yield from (same[start : start + n_at_once] for start in range(0, len(same), n_at_once))


def fit_item_vectors(
    customers: Side, items: Side, *, start: NDArray[np.float32], alpha0: float, epochs: int
) -> NDArray[np.float32]:
    """(m, f) item vectors on some axes, after this many rounds from the (m, f) start."""
    vectors = start
    with limit_blas_to_one_thread(), ThreadPoolExecutor(psutil.cpu_count()) as pool:
        for _ in range(epochs):
            customer_vectors = customers.solve(vectors, alpha0=alpha0, pool=pool)
            vectors = items.solve(customer_vectors, alpha0=alpha0, pool=pool)
    return vectors


MODEL = Ials
