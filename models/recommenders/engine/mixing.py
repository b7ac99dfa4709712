"""Convex weights of several scores, learnt on a later fold by what is judged there: NDCG@10, on candidates only.

    score[c, i] = sum over parts p of weight[p] * normalised[p][c, i],   weights above zero that sum to 1

Whatever the size of the catalogue, only each part's best items of a few thousand customers are held in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Self

import numpy as np

from core.interactions import Histories
from models.recommenders.engine.later_fold import LaterFold

NORMALISATIONS = ("max", "deviation", "rank")
"Ways to make the scores of several models comparable within a customer."
JUDGED = 10
"Length of the list that weights are chosen for."
STEPS = (0.5, 0.2, 0.1, 0.05, 0.02)
"How far weights are moved towards or away from one part; the next once the one before gains nothing."
CELLS_AT_ONCE = 2**21
"Scores of one part held in memory together."

PartScores = Callable[[Histories, date], list[np.ndarray]]
"Normalised scores of each part, (n, m) each."


def normalised(scores: np.ndarray, how: str) -> np.ndarray:
    """Scores of (n, m) made comparable between models; what is zero stays zero, and the order is kept.

    `max` divides a customer's by their highest, `deviation` by their standard deviation (what a z-score takes off
    besides is the same for every item), `rank` gives 1 / (60 + rank) to what is above zero (Cormack et al. 2009).
    """
    if how == "rank":
        order = np.argsort(-scores, axis=1, kind="stable")
        ranks = np.empty_like(order)
        np.put_along_axis(ranks, order, np.arange(scores.shape[1])[None, :], axis=1)
        return np.where(scores > 0, 61 / (61.0 + ranks), 0).astype(np.float32)
    size = scores.max(axis=1, initial=0) if how == "max" else scores.std(axis=1)
    return scores * np.where(size > 0, 1 / np.maximum(size, np.finfo(np.float32).tiny), 0)[:, None].astype(np.float32)


@dataclass(frozen=True)
class Candidates:
    """The best items of each part for each customer of a fold, padded to one width."""

    parts: np.ndarray
    "(n, width, parts) float32 normalised scores."
    allowed: np.ndarray
    "(n, width) bool: not padding, and not barred."
    bought: np.ndarray
    "(n, width) bool."
    n_bought: np.ndarray
    "(n,) different items bought then."

    @classmethod
    def of(cls, part_scores: PartScores, fold: LaterFold, n_best: int = 100) -> Self:
        """The candidates of every customer of a fold."""
        blocks = [
            _block(part_scores(block.asking, block.asked_on[0].astype(date)), block, n_best)
            for block in fold.blocks(max(1, CELLS_AT_ONCE // len(fold.asking.item_ids)))
        ]
        return cls(*(np.concatenate(arrays) for arrays in zip(*blocks, strict=True)))

    def ndcg(self, weights: np.ndarray) -> float:
        """Mean NDCG@10 of the parts mixed with these weights."""
        mixed = np.where(self.allowed, self.parts @ weights.astype(np.float32), -np.inf)
        k = min(JUDGED, mixed.shape[1])
        best = np.argpartition(-mixed, k - 1, axis=1)[:, :k]
        best = np.take_along_axis(best, np.argsort(-np.take_along_axis(mixed, best, 1), axis=1, kind="stable"), 1)
        gains = 1 / np.log2(np.arange(JUDGED) + 2)
        hits = np.take_along_axis(self.bought & self.allowed, best, 1) @ gains[:k]
        return float(np.mean(hits / np.cumsum(gains)[np.minimum(JUDGED, self.n_bought) - 1]))


def best_items(parts: list[np.ndarray], n_best: int) -> tuple[np.ndarray, np.ndarray]:
    """Each part's n best items of each customer, (n, width) sorted codes, and which are neither repeated nor zero."""
    m = parts[0].shape[1]
    k = min(n_best, m)
    picked = [np.argpartition(-scores, k - 1, axis=1)[:, :k] for scores in parts]
    codes = np.concatenate(
        [np.where(np.take_along_axis(s, p, 1) > 0, p, m) for s, p in zip(parts, picked, strict=True)], axis=1
    )
    codes.sort(axis=1)
    once = codes < m
    once[:, 1:] &= codes[:, 1:] != codes[:, :-1]
    return np.minimum(codes, m - 1), once


def _block(
    parts: list[np.ndarray], block: LaterFold, n_best: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    block.bar(parts)
    bought = block.bought
    codes, allowed = best_items(parts, n_best)
    of_parts = np.stack([np.take_along_axis(scores, codes, 1) for scores in parts], axis=2)
    return of_parts, allowed, np.take_along_axis(bought, codes, 1), bought.sum(axis=1)


def learnt_weights(candidates: Candidates) -> np.ndarray:
    """(parts,) weights that sum to 1: from the best single part, moved while NDCG@10 gains."""
    n_parts = candidates.parts.shape[2]
    alone = np.eye(n_parts)
    ndcg = [candidates.ndcg(weights) for weights in alone]
    weights, best = alone[int(np.argmax(ndcg))], max(ndcg)
    for step in STEPS:
        gained = True
        while gained:
            tried = [moved for part in range(n_parts) for moved in _moves(weights, part, step)]
            ndcg = [candidates.ndcg(moved) for moved in tried]
            gained = bool(tried) and max(ndcg) > best + 1e-6
            if gained:
                weights, best = tried[int(np.argmax(ndcg))], max(ndcg)
    return weights


def _moves(weights: np.ndarray, part: int, step: float) -> Iterator[np.ndarray]:
    """Weights with more of one part, and with less."""
    towards = np.eye(len(weights))[part]
    yield (1 - step) * weights + step * towards
    if 0 < weights[part] < 1:
        fewer = np.maximum(weights - np.minimum(step, weights[part]) * towards, 0)
        yield fewer / fewer.sum()
