"""Gradient boosted trees for reranking: fitted by LightGBM (LambdaMART), evaluated from plain arrays without it.

    node      0           1        2       3       4
              x0 <= 5     x3 <= 1  leaf    leaf    leaf
    left      1           2        2       3       4
    right     4           3        2       3       4

A leaf is its own child, so all rows descend all trees together until none moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput

CATEGORICAL, DEFAULT_LEFT, MISSING_IS_NAN = 1, 2, 8
"Bits of LightGBM's decision_type."
CELLS_AT_ONCE = 2**18
"Rows x trees that are evaluated together."
TRUNCATION = 20
"Pairs of ranks count in training where one rank is above this; the metric is NDCG@10."


@dataclass(frozen=True)
class Examples:
    """Candidate items of some customers, grouped by customer, and which of them were bought."""

    features: NDArray[np.float32]
    "(pairs, columns)"
    bought: NDArray[np.bool_]
    "(pairs,)"
    n_candidates: NDArray[np.int64]
    "(customers,) number of pairs of each customer; they sum to all pairs."
    n_bought: NDArray[np.int64]
    "(customers,) number of different items that each customer bought, candidates or not."

    @classmethod
    def concatenate(cls, parts: Sequence[Examples]) -> Self:
        """All examples of at least one part."""
        names = ("features", "bought", "n_candidates", "n_bought")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def __len__(self) -> int:
        """Number of customers."""
        return len(self.n_candidates)

    @property
    def recall(self) -> float:
        """Share of the bought items that are candidates: the upper limit of recall, however they are ranked."""
        return float(self.bought.sum() / self.n_bought.sum())

    def informative(self) -> Examples:
        """The customers with some, but not all, candidates bought; the others teach nothing about the order."""
        customers = np.repeat(np.arange(len(self)), self.n_candidates)
        n_hits = np.bincount(customers, self.bought, minlength=len(self))
        is_informative = (n_hits > 0) & (n_hits < self.n_candidates)
        pairs = is_informative[customers]
        return Examples(
            self.features[pairs], self.bought[pairs], self.n_candidates[is_informative], self.n_bought[is_informative]
        )


@dataclass(frozen=True, kw_only=True)
class TreeSettings:
    """Hyperparameters of the boosted trees."""

    n_trees: int
    n_leaves: int
    learning_rate: float
    seed: int

    def fit(self, examples: Examples) -> Trees:
        """Trees that rank bought items first (LambdaMART, Burges 2010), by LightGBM on one thread."""
        import lightgbm as lgb  # here, because recommending does not need it

        parameters = {
            "objective": "lambdarank", "lambdarank_truncation_level": TRUNCATION, "learning_rate": self.learning_rate,
            "num_leaves": self.n_leaves, "min_data_in_leaf": max(5, min(200, len(examples.bought) // 200)),
            "lambda_l2": 10.0, "feature_fraction": 0.5, "bagging_fraction": 0.7, "bagging_freq": 1,
            "seed": self.seed, "num_threads": 1, "deterministic": True, "force_row_wise": True, "verbosity": -1,
        }  # fmt: skip
        pairs = lgb.Dataset(examples.features, examples.bought.astype(np.int32), group=examples.n_candidates)
        return Trees.parse(lgb.train(parameters, pairs, self.n_trees).model_to_string())


@dataclass(frozen=True)
class Trees:
    """The nodes of all trees, one after the other; all but `roots` are (nodes,)."""

    feature: NDArray[np.int32]
    "Column of the split; 0 at a leaf."
    threshold: NDArray[np.float64]
    "Values up to this go left; infinite at a leaf."
    left: NDArray[np.int32]
    "Left child."
    right: NDArray[np.int32]
    "Right child."
    missing_left: NDArray[np.bool_]
    "Whether NaN goes left."
    value: NDArray[np.float64]
    "Value of a leaf; 0 elsewhere."
    roots: NDArray[np.int32]
    "(trees,) first node of each tree."

    def __len__(self) -> int:
        return len(self.roots)

    @classmethod
    def empty(cls) -> Self:
        """No trees; they predict 0."""
        return cls.parse("")

    @classmethod
    def parse(cls, text: str) -> Self:
        """The trees of `booster.model_to_string()`. Raises BadInput for categorical splits."""
        blocks: list[tuple[NDArray[np.generic], ...]] = [tuple(np.empty(0) for _ in range(6))]
        roots, start = [], 0
        for tree in _split_trees(text):
            blocks.append(_nodes(tree, start))
            roots.append(start)
            start += len(blocks[-1][0])
        columns = [np.concatenate(column) for column in zip(*blocks, strict=True)]
        types = (np.int32, np.float64, np.int32, np.int32, np.bool_, np.float64)
        named = zip((array.name for array in fields(cls)), columns, types, strict=False)
        arrays: dict[str, NDArray[Any]] = {name: column.astype(kind) for name, column, kind in named}
        return cls(**arrays, roots=np.array(roots, np.int32))

    def predict(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """(rows,) sum of the values of the leaves that each row of (rows, columns) reaches."""
        if not len(self):
            return np.zeros(len(features))
        n_at_once = max(1, CELLS_AT_ONCE // len(self))
        sums = [
            self._predict_block(features[start : start + n_at_once]) for start in range(0, len(features), n_at_once)
        ]
        return np.concatenate(sums) if sums else np.zeros(0)

    def _predict_block(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        # Nodes are (trees, rows): neighbours in memory then mostly read the same columns.
        values, firsts = features.ravel(), (np.arange(len(features)) * features.shape[1])[None, :]
        children = np.stack([self.right, self.left], axis=1).ravel().astype(np.intp)
        nodes = np.repeat(self.roots.astype(np.intp)[:, None], len(features), axis=1)
        while True:
            cells = np.take(values, firsts + np.take(self.feature, nodes))
            goes_left = cells <= np.take(self.threshold, nodes)
            goes_left |= np.isnan(cells) & np.take(self.missing_left, nodes)
            following = np.take(children, 2 * nodes + goes_left)
            if (following == nodes).all():
                return np.take(self.value, nodes).sum(axis=0)
            nodes = following

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """The arrays by name, for an artifact."""
        return {array.name: getattr(self, array.name) for array in fields(self)}


def _split_trees(text: str) -> Iterator[dict[str, str]]:
    """The `key=value` lines of each tree."""
    for block in text.split("\nTree=")[1:]:
        lines = block.split("\n\n")[0].splitlines()[1:]
        yield dict(line.split("=", 1) for line in lines if "=" in line)


def _nodes(tree: dict[str, str], start: int) -> tuple[NDArray[np.generic], ...]:
    """feature, threshold, left, right, missing_left and value of a tree whose first node is `start`.

    LightGBM numbers leaves -1, -2, ...; here they follow the splits. LightGBM treats NaN as 0 where a column was
    never missing in training.
    """
    values = _numbers(tree, "leaf_value")
    n_leaves = len(values)
    n_splits = n_leaves - 1
    kinds = _numbers(tree, "decision_type", n=n_splits).astype(np.int64)
    if (kinds & CATEGORICAL).any():
        raise BadInput("a tree has a categorical split; train on numeric columns only")
    thresholds = _numbers(tree, "threshold", n=n_splits)
    leaves = n_splits + np.arange(n_leaves)
    children = []
    for side in ("left_child", "right_child"):
        to = _numbers(tree, side, n=n_splits).astype(np.int64)
        children.append(
            start + np.concatenate([np.where(to < 0, n_splits + ~to, to), leaves])
        )  # ~to is the leaf number
    missing_left = np.where(kinds & MISSING_IS_NAN, (kinds & DEFAULT_LEFT) > 0, thresholds >= 0)
    return (
        np.concatenate([_numbers(tree, "split_feature", n=n_splits), np.zeros(n_leaves)]),
        np.concatenate([thresholds, np.full(n_leaves, np.inf)]),
        *children,
        np.concatenate([missing_left, np.ones(n_leaves)]),
        np.concatenate([np.zeros(n_splits), values]),
    )


def _numbers(tree: dict[str, str], key: str, *, n: int | None = None) -> NDArray[np.float64]:
    """(n,) values of one line; empty for a tree that is a single leaf."""
    return np.array(tree[key].split(), dtype=np.float64) if n != 0 else np.empty(0)
