"""The graph that connects items through their common buyers, normalised, and its smoothest signals.

    X = (customer's purchases)^-customer_power * w * (item's purchases)^-item_power, largest singular value 1
    P = X'X, (m, m): one step from item to item; its eigenvectors of large eigenvalue are broad tastes

Powers of 1/2 are the usual normalisation (Shen et al. 2021, GF-CF); smaller powers concentrate more of the purchases
in the first eigenvectors (Peng et al. 2024, SGFCF), which ranks better.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from core.interactions import Interactions
from models.recommenders.engine.sparse_effects import item_blocks, keep_strongest, stack_blocks
from models.resources import GB

TINY = 1e-12
"Replaces a zero denominator."

CELLS_AT_ONCE = 2**24
"Effects of a block of items in memory at a time, items x items: 64 MB."

SPARE_FACTORS = 64
"Additional eigenvectors that are computed and dropped, so that the last of those kept are accurate too."

POWER_ROUNDS = 5
"Rounds of subspace iteration. The last eigenvectors stay approximate, which does no harm: where to cut is arbitrary."


@dataclass(frozen=True)
class ItemGraph:
    """The normalised purchases, and the total purchases of each item."""

    links: sparse.csr_matrix
    "(n, m) float32: X."
    purchases: NDArray[np.float64]
    "(m,) sum of the weights of each item's purchases; a tiny number where there are none."

    @classmethod
    def from_weights(cls, weights: sparse.csr_matrix, *, customer_power: float, item_power: float) -> Self:
        """The graph of (n, m) purchase weights."""
        by_customer = np.maximum(np.asarray(weights.sum(axis=1), dtype=float).ravel(), TINY)
        by_item = np.maximum(np.asarray(weights.sum(axis=0), dtype=float).ravel(), TINY)
        links = sparse.csr_matrix(
            sparse.diags(by_customer**-customer_power) @ weights @ sparse.diags(by_item**-item_power)
        )
        return cls(sparse.csr_matrix(links / _largest_singular_value(links), dtype=np.float32), by_item)

    @classmethod
    def from_purchases(cls, interactions: Interactions, *, customer_power: float, item_power: float) -> Self:
        """The graph of which items each customer ever bought; repeat purchases add nothing."""
        weights = interactions.matrix()
        weights.data[:] = 1
        return cls.from_weights(weights, customer_power=customer_power, item_power=item_power)

    @cached_property
    def by_item(self) -> sparse.csr_matrix:
        """(m, n) float32: X'."""
        return sparse.csr_matrix(self.links.T)

    def steps(self, items: NDArray[np.integer]) -> NDArray[np.float32]:
        """(items, m) one step from each item: rows of P."""
        return (self.by_item[items] @ self.links).toarray()

    def step_again(self, signals: NDArray[np.floating]) -> NDArray[np.floating]:
        """(rows, m) signals after one more step."""
        return np.ascontiguousarray((self.by_item @ (self.links @ np.ascontiguousarray(signals.T))).T)

    def tastes(self, n_factors: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """The first eigenvectors of P, (m, k), and their eigenvalues above zero, (k,), in descending order.

        By subspace iteration from a random start (Halko et al. 2011): a few products of large matrices.
        """
        width = min(n_factors + SPARE_FACTORS, *self.links.shape)
        basis = np.random.default_rng(seed).standard_normal((self.links.shape[1], width), dtype=np.float32)
        for _ in range(POWER_ROUNDS):
            basis = np.linalg.qr(self.by_item @ (self.links @ basis))[0]
        # Rotate the basis to the eigenvectors of P restricted to the subspace (Rayleigh-Ritz).
        projected = self.links @ basis
        values, rotation = np.linalg.eigh(projected.T @ projected)
        order = [place for place in np.argsort(-values, kind="stable")[:n_factors] if values[place] > 1e-6]
        return np.ascontiguousarray(basis @ rotation[:, order], dtype=np.float32), values[order].astype(float)

    def keep_strongest(self, effects: Callable[[NDArray[np.int64]], NDArray[np.floating]], n: int) -> sparse.csr_matrix:
        """The n strongest effects of every item on others; `effects` returns (items, m) for a block of items."""
        m = len(self.purchases)
        blocks = item_blocks(np.full(m, float(m)), CELLS_AT_ONCE)
        return stack_blocks(keep_strongest(effects(items), items, n=n) for items in blocks)


def graph_gb(n_lines: int, m: int, *, n_factors: int, n_neighbours: int) -> float:
    """Peak memory of computing the strongest effects of m items, in 10^9 bytes."""
    links = 40 * n_lines
    vectors = 16 * m * (n_factors + SPARE_FACTORS)
    kept = 24 * m * min(n_neighbours, m)
    blocks = 24 * max(CELLS_AT_ONCE, m)
    return (links + vectors + kept + blocks) / GB


def _largest_singular_value(links: sparse.csr_matrix, n_rounds: int = 50) -> float:
    """Of non-negative links, by power iteration; 1 without links. It only sets a scale, so three digits are enough."""
    signal, value = np.ones(links.shape[1]), 0.0
    for _ in range(n_rounds):
        signal = links.T @ (links @ (signal / max(float(np.linalg.norm(signal)), TINY)))
        value = float(np.sqrt(np.linalg.norm(signal)))
    return value if value > 0 else 1.0
