"""Items joined by the customers who bought them: a normalised graph, whose smoothest signals are broad tastes.

    X = (customer's purchases)^-customer_power * w * (item's purchases)^-item_power, its largest singular value 1
    P = X'X, (m, m): one step from item to item; its eigenvectors of large eigenvalue are broad tastes

Both powers at 1/2 are the usual normalisation (Shen et al. 2021, GF-CF); weaker ones gather more of what is bought in
the first eigenvectors (Peng et al. 2024, SGFCF), which ranks better.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from scipy import sparse

from core.interactions import Interactions
from models.memory import GB
from models.recommenders.engine.strongest import item_blocks, joined, strongest

TINY = 1e-12
"Instead of nothing, under a fraction."

CELLS_AT_ONCE = 2**24
"Effects of a block of items held together, items x items: 64 MB."

SPARE_FACTORS = 64
"Found and thrown away, so that the last of those kept are good too."

POWER_ROUNDS = 5
"Of the subspace iteration: the last eigenvectors are approximate, and which are the last is arbitrary anyway."


@dataclass(frozen=True)
class ItemGraph:
    """The normalised purchases, and how much each item is bought."""

    links: sparse.csr_matrix
    "(n, m) float32: X."
    purchases: np.ndarray
    "(m,) float64: the weights of each item's purchases, summed; a tiny number where there are none."

    @classmethod
    def of(cls, bought: sparse.csr_matrix, customer_power: float, item_power: float) -> Self:
        """The graph of (n, m) weights."""
        by_customer = np.maximum(np.asarray(bought.sum(axis=1), dtype=float).ravel(), TINY)
        by_item = np.maximum(np.asarray(bought.sum(axis=0), dtype=float).ravel(), TINY)
        links = sparse.csr_matrix(
            sparse.diags(by_customer**-customer_power) @ bought @ sparse.diags(by_item**-item_power)
        )
        return cls(sparse.csr_matrix(links / _largest_singular_value(links), dtype=np.float32), by_item)

    @classmethod
    def of_purchases(cls, interactions: Interactions, customer_power: float, item_power: float) -> Self:
        """The graph of what each customer ever bought: a second purchase joins nothing more."""
        bought = interactions.matrix()
        bought.data[:] = 1
        return cls.of(bought, customer_power, item_power)

    @cached_property
    def by_item(self) -> sparse.csr_matrix:
        """(m, n) float32: X'."""
        return sparse.csr_matrix(self.links.T)

    def steps(self, items: np.ndarray) -> np.ndarray:
        """One step from each item, (items, m) float32: rows of P."""
        return (self.by_item[items] @ self.links).toarray()

    def another_step(self, signals: np.ndarray) -> np.ndarray:
        """(rows, m) signals after one more step."""
        return np.ascontiguousarray((self.by_item @ (self.links @ np.ascontiguousarray(signals.T))).T)

    def tastes(self, n_factors: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """The first eigenvectors of P, (m, k) float32, and their eigenvalues, (k,), falling and above zero.

        By subspace iteration from a random start (Halko et al. 2011): a few products of large matrices.
        """
        width = min(n_factors + SPARE_FACTORS, *self.links.shape)
        found = np.random.default_rng(seed).standard_normal((self.links.shape[1], width), dtype=np.float32)
        for _ in range(POWER_ROUNDS):
            found = np.linalg.qr(self.by_item @ (self.links @ found))[0]
        taken = self.links @ found
        values, turns = np.linalg.eigh(taken.T @ taken)
        order = [place for place in np.argsort(-values, kind="stable")[:n_factors] if values[place] > 1e-6]
        return np.ascontiguousarray(found @ turns[:, order], dtype=np.float32), values[order].astype(float)

    def strongest(self, effects: Callable[[np.ndarray], np.ndarray], n: int) -> sparse.csr_matrix:
        """The n strongest effects of every item on others, of (items, m) made for a block of items at a time."""
        m = len(self.purchases)
        blocks = item_blocks(np.full(m, float(m)), CELLS_AT_ONCE)
        return joined(strongest(effects(items), items, n) for items in blocks)


def graph_gb(n_lines: int, m: int, n_factors: int, n_neighbours: int) -> float:
    """What making the strongest effects of m items takes at most, 10^9 bytes."""
    links = 40 * n_lines
    vectors = 16 * m * (n_factors + SPARE_FACTORS)
    kept = 24 * m * min(n_neighbours, m)
    blocks = 24 * max(CELLS_AT_ONCE, m)
    return (links + vectors + kept + blocks) / GB


def _largest_singular_value(links: sparse.csr_matrix, n_rounds: int = 50) -> float:
    """Of non-negative links, by power iteration; 1 where there are none. It is a mere scale: three digits will do."""
    signal, value = np.ones(links.shape[1]), 0.0
    for _ in range(n_rounds):
        signal = links.T @ (links @ (signal / max(float(np.linalg.norm(signal)), TINY)))
        value = float(np.sqrt(np.linalg.norm(signal)))
    return value if value > 0 else 1.0
