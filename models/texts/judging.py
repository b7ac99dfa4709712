"""How well causes are told, by texts that the model did not learn from; intervals resample texts."""

from __future__ import annotations

import numpy as np

from core.intervals import Estimate, estimate_intervals
from models.metrics.weighted import ratio

FIGURES = ("accuracy", "macro_f1")


def figures_of(said: np.ndarray, causes: np.ndarray, text_ids: np.ndarray | None = None) -> dict[str, Estimate]:
    """The share of texts told right, and the mean over causes of F1; `said` and `causes` are (n,) text.

    Texts with the same id (default: none have) are drawn together. A cause that is never said and never meant counts
    for nothing.
    """
    names = np.union1d(said, causes)
    meant, told = (np.array(words)[:, None] == names for words in (causes, said))
    parts = np.concatenate([meant & told, meant, told], axis=1).astype(np.float64)

    def figures(weights: np.ndarray) -> np.ndarray:
        right, n_meant, n_told = np.split(weights @ parts, 3, axis=1)
        f1 = ratio(2 * right, n_meant + n_told)
        return np.column_stack([right.sum(axis=1) / weights.sum(axis=1), np.nanmean(f1, axis=1)])

    ids = np.arange(len(causes)) if text_ids is None else text_ids
    return dict(zip(FIGURES, estimate_intervals(figures, ids), strict=True))
