"""Boosted trees as plain arrays: what LightGBM has learnt, answered without LightGBM.

    node      0           1        2       3       4
              x0 <= 5     x3 <= 1  leaf    leaf    leaf
    left      1           2        2       3       4
    right     4           3        2       3       4

A leaf leads to itself, so all rows go down all trees together, until none moves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from core.errors import BadInput

CATEGORICAL, DEFAULT_LEFT, MISSING_IS_NAN = 1, 2, 8
"Bits of LightGBM's decision_type."
CELLS_AT_ONCE = 2**18
"Rows x trees that go down together."


@dataclass(frozen=True)
class Trees:
    """The nodes of all trees in one row of arrays, (nodes,) each."""

    feature: np.ndarray
    "int32: the column that is asked for; 0 at a leaf."
    threshold: np.ndarray
    "float64: at most this goes left; infinite at a leaf."
    left: np.ndarray
    "int32."
    right: np.ndarray
    "int32."
    missing_left: np.ndarray
    "bool: where NaN goes."
    value: np.ndarray
    "float64: of a leaf; 0 elsewhere."
    roots: np.ndarray
    "(trees,) int32."

    def __len__(self) -> int:
        return len(self.roots)

    @classmethod
    def none(cls) -> Self:
        """No trees, whose sum is 0."""
        return cls.of_text("")

    @classmethod
    def of_text(cls, text: str) -> Self:
        """The trees of `booster.model_to_string()`. Raises BadInput for splits on categories, which have no order."""
        blocks: list[tuple[np.ndarray, ...]] = [tuple(np.empty(0) for _ in range(6))]
        roots, start = [], 0
        for tree in _trees_of(text):
            blocks.append(_nodes(tree, start))
            roots.append(start)
            start += len(blocks[-1][0])
        columns = [np.concatenate(column) for column in zip(*blocks, strict=True)]
        types = (np.int32, np.float64, np.int32, np.int32, np.bool_, np.float64)
        named = zip((array.name for array in fields(cls)), columns, types, strict=False)
        return cls(**{name: column.astype(kind) for name, column, kind in named}, roots=np.array(roots, np.int32))

    def predict(self, features: np.ndarray) -> np.ndarray:
        """(rows,) float64: the sum of the leaves that each row of (rows, columns) ends in."""
        if not len(self):
            return np.zeros(len(features))
        at_once = max(1, CELLS_AT_ONCE // len(self))
        sums = [self._sums(features[start : start + at_once]) for start in range(0, len(features), at_once)]
        return np.concatenate(sums) if sums else np.zeros(0)

    def _sums(self, features: np.ndarray) -> np.ndarray:
        """As of `predict`; nodes are (trees, rows), so that what lies side by side is asked for the same columns."""
        values, firsts = features.ravel(), (np.arange(len(features)) * features.shape[1])[None, :]
        children = np.stack([self.right, self.left], axis=1).ravel().astype(np.intp)
        nodes = np.repeat(self.roots.astype(np.intp)[:, None], len(features), axis=1)
        while True:
            found = np.take(values, firsts + np.take(self.feature, nodes))
            goes_left = found <= np.take(self.threshold, nodes)
            goes_left |= np.isnan(found) & np.take(self.missing_left, nodes)
            following = np.take(children, 2 * nodes + goes_left)
            if (following == nodes).all():
                return np.take(self.value, nodes).sum(axis=0)
            nodes = following

    def arrays(self) -> dict[str, np.ndarray]:
        """By name, for an artifact."""
        return {array.name: getattr(self, array.name) for array in fields(self)}


def _trees_of(text: str) -> Iterator[dict[str, str]]:
    """The `key=value` lines of each tree."""
    for block in text.split("\nTree=")[1:]:
        lines = block.split("\n\n")[0].splitlines()[1:]
        yield dict(line.split("=", 1) for line in lines if "=" in line)


def _nodes(tree: dict[str, str], start: int) -> tuple[np.ndarray, ...]:
    """feature, threshold, left, right, missing_left and value of a tree that begins at node `start`.

    LightGBM numbers leaves -1, -2, ...; here they follow the splits. Where a column was never missing in training,
    it takes NaN for 0.
    """
    values = _numbers(tree, "leaf_value")
    n_leaves = len(values)
    n_splits = n_leaves - 1
    kinds = _numbers(tree, "decision_type", n_splits).astype(np.int64)
    if (kinds & CATEGORICAL).any():
        raise BadInput("a tree splits on categories; give it numbers only")
    thresholds = _numbers(tree, "threshold", n_splits)
    leaves = n_splits + np.arange(n_leaves)
    children = []
    for side in ("left_child", "right_child"):
        to = _numbers(tree, side, n_splits).astype(np.int64)
        children.append(start + np.concatenate([np.where(to < 0, n_splits + ~to, to), leaves]))
    missing_left = np.where(kinds & MISSING_IS_NAN, (kinds & DEFAULT_LEFT) > 0, thresholds >= 0)
    return (
        np.concatenate([_numbers(tree, "split_feature", n_splits), np.zeros(n_leaves)]),
        np.concatenate([thresholds, np.full(n_leaves, np.inf)]),
        *children,
        np.concatenate([missing_left, np.ones(n_leaves)]),
        np.concatenate([np.zeros(n_splits), values]),
    )


def _numbers(tree: dict[str, str], key: str, n: int | None = None) -> np.ndarray:
    """(n,) float64; none where a tree is one leaf."""
    return np.array(tree[key].split(), dtype=np.float64) if n != 0 else np.empty(0)
