"""How alike some items are among themselves, from what each one's nearest are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def between_some(nearest: Sequence[tuple[np.ndarray, np.ndarray]], codes: np.ndarray, n_items: int) -> np.ndarray:
    """(c, c) from 0 to 1, of different items: whose nearest are given as codes and likenesses above 0 of any scale.

    The larger of what two items say of each other, as a share of the largest that either says of any item.
    """
    column_of = np.full(n_items, -1)
    column_of[codes] = np.arange(len(codes))
    said = np.zeros((len(codes), len(codes)))
    for row, (items, likeness) in enumerate(nearest):
        asked = column_of[items] >= 0
        said[row, column_of[items[asked]]] = likeness[asked]
    largest = np.array([likeness.max(initial=0) for _, likeness in nearest])
    scale = np.maximum(largest[:, None], largest)
    return np.maximum(said, said.T) / np.where(scale > 0, scale, 1)
