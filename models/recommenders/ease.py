"""EASE: ridge regression of every item on all other items at once (Steck 2019).

    P = X'X, H = (P + regularization * I)^-1
    effect[i, j] = -H[i, j] / H[j, j], times (i's purchases)^-item_power * (j's purchases)^end_popularity

X holds the purchases, with active customers and popular items weighted down, and with largest singular value 1
(`engine/item_graph.py`). This weighted variant ranks better on gowalla than the plain one.

The inverse is exact for catalogues that fit into `dense_gb`. For larger ones, with U and L the first eigenvectors and
eigenvalues of P,

    I - regularization * H  =  c P + U (L / (L + regularization) - c L) U',   c = 1 / (last L + regularization)

which is exact along U. Across U, where the rest of P is small, it replaces the true curve by a chord below it.

Large matrices are inverted in place and by halves, because OpenBLAS crashes where several threads factorise more than
some 26,000 rows:

    A = [P Q; Q' R],  S = R - Q' P^-1 Q,  A^-1 = [P^-1 + W S^-1 W', -W S^-1; -S^-1 W', S^-1],  W = P^-1 Q
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg.lapack import spotrf, spotri

from core.errors import BadInput
from core.interactions import Interactions
from models.recommenders.engine.item_graph import CELLS_AT_ONCE, ItemGraph, graph_gb
from models.recommenders.engine.linear import LinearRecommender
from models.recommenders.engine.search_ranges import HALF_LIVES, POPULARITY_POWER, SPANS, Between, Ranges
from models.recommenders.engine.sparse_effects import add_self_effects, item_blocks
from models.resources import GB
from models.setting_types import Count, HalfLife, NotNegative, Positive, Power, Seed

ROWS_AT_ONCE = 16_384
"Rows that are factorised at once."

BYTES_PER_CELL = 6
"Peak memory of an inversion: 4 for the cell itself, and two quarters of the matrix while halves are combined."

Effects = Callable[[NDArray[np.int64]], NDArray[np.floating]]
"From codes of items to their effects, (items, m)."


@dataclass(eq=False)
class Ease(LinearRecommender):
    """Ranks items by how well past purchases predict them, given all other purchases."""

    name: ClassVar[str] = "ease"
    ranges: ClassVar[Ranges] = {
        "half_life_days": HALF_LIVES,
        "span_days": SPANS,
        "popularity_power": POPULARITY_POWER,
        "regularization": Between(0.001, 1.0, log=True),
        "customer_power": Between(0.0, 0.6),
        "item_power": Between(0.0, 0.6),
        "end_popularity": Between(0.0, 0.8),
        "repeat_weight": Between(0.5, 100, log=True),
    }

    # NDCG@10 on online_retail II, mean of the 28 days from 2010-07-07 and from 2010-08-04: .395; repeat_weight 40
    # gave .394 and 90 .392, and beside 40 a regularization of .2 .394 and of .01 .393.
    popularity_power: Power = 0.4

    half_life_days: HalfLife | None = 180.0
    "A purchase of the history counts half as much after this many days."

    regularization: Positive = 0.05
    "Ridge penalty on the effects, in units of the largest eigenvalue of P. Above 0."

    customer_power: Power = 0.3
    "How much less an active customer counts; 0 is EASE as published."

    item_power: Power = 0.4
    "How much less a popular item predicts others."

    end_popularity: Power = 0.4
    "How much more a popular item is predicted; EASE as published has 0 here and in item_power."

    n_neighbours: Count = 1000
    "Number of effects kept for each item."

    dense_gb: NotNegative = 4.0
    "Memory, 10^9 bytes, up to which the inverse is exact: 25,000 items."

    n_factors: Count = 512
    "Number of eigenvectors along which larger catalogues are exact."

    repeat_weight: NotNegative = 15.0
    "How much a purchase predicts its own repetition, in median strongest effects on another item."

    seed: Seed = 7

    def memory_gb(self, interactions: Interactions) -> float:
        """The inverse or the eigenvectors, and computing the effects."""
        m, is_dense = len(interactions.item_ids), self._is_dense(len(interactions.item_ids))
        n_factors = 0 if is_dense else self.n_factors
        effects_gb = graph_gb(len(interactions.items), m, n_factors=n_factors, n_neighbours=self.n_neighbours)
        return effects_gb + (dense_gb(m) if is_dense else 0)

    def _is_dense(self, m: int) -> bool:
        return dense_gb(m) <= self.dense_gb

    def _fit_effects(self, interactions: Interactions) -> sparse.csr_matrix:
        graph = ItemGraph.from_purchases(interactions, customer_power=self.customer_power, item_power=self.item_power)
        starts = (graph.purchases**-self.item_power).astype(np.float32)
        ends = (graph.purchases**self.end_popularity).astype(np.float32)
        if self._is_dense(len(starts)):
            effects = solve_exactly(graph, self.regularization)
        else:
            effects = self._solve_along_tastes(graph)
        kept = graph.keep_strongest(lambda items: effects(items) * starts[items][:, None] * ends, self.n_neighbours)
        return add_self_effects(kept, self.repeat_weight)

    def _solve_along_tastes(self, graph: ItemGraph) -> Effects:
        tastes, values = graph.tastes(self.n_factors, self.seed)
        slope = 1 / (values[-1:].sum() + self.regularization)
        gains = (values / (values + self.regularization) - slope * values).astype(np.float32)
        self_steps = np.asarray(graph.links.multiply(graph.links).sum(axis=0)).ravel()
        residual = (1 - slope * self_steps - (tastes**2) @ gains).astype(np.float32)
        return lambda items: (slope * graph.steps(items) + (tastes[items] * gains) @ tastes.T) / residual


def dense_gb(m: int) -> float:
    """Memory of the exact inverse for m items, in 10^9 bytes."""
    return BYTES_PER_CELL * m * m / GB


def solve_exactly(graph: ItemGraph, regularization: float) -> Effects:
    """The effects from the inverse, in float32 and in place. Raises BadInput where the matrix has no inverse."""
    m = len(graph.purchases)
    inverse = np.empty((m, m), dtype=np.float32)
    for items in item_blocks(np.full(m, float(m)), CELLS_AT_ONCE):
        inverse[items] = graph.steps(items)
    inverse[np.diag_indices(m)] += np.float32(regularization)
    try:
        invert(inverse)
    except np.linalg.LinAlgError as fault:
        message = f"regularization is {regularization}, which is too small to bound the effects; use a larger value"
        raise BadInput(message) from fault
    return lambda items: -inverse[items] / inverse.diagonal()


def invert(matrix: NDArray[np.float32], rows_at_once: int = ROWS_AT_ONCE) -> None:
    """Replace a symmetric (n, n) matrix by its inverse. Raises LinAlgError where it is not positive definite."""
    n = len(matrix)
    if n <= rows_at_once:
        _invert_at_once(matrix)
        return
    half = n // 2
    p, q, r = matrix[:half, :half], matrix[:half, half:], matrix[half:, half:]
    invert(p, rows_at_once)
    w = p @ q
    r -= q.T @ w
    invert(r, rows_at_once)
    np.matmul(w, r, out=q)
    np.negative(q, out=q)
    p -= q @ w.T
    matrix[half:, :half] = q.T


def _invert_at_once(matrix: NDArray[np.float32]) -> None:
    factor, fault = spotrf(matrix.T, overwrite_a=True)
    if fault:
        raise np.linalg.LinAlgError(f"the leading {fault} rows are not positive definite")
    inverse, _ = spotri(factor, overwrite_c=True)
    # LAPACK fills one triangle only.
    for row in range(len(matrix)):
        matrix[row, row:] = matrix[row:, row] = inverse[row, row:]


MODEL = Ease
