"""Ratios, differences and leaders: arithmetic over the measures that the engine has counted."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from features.compiler.declaration import Deviation, Difference, Expression, Leader, Measure, Ratio


def evaluate(expression: Expression, measured: Mapping[Measure, np.ndarray]) -> np.ndarray:
    """(n,) float64; NaN is missing."""
    match expression:
        case Measure():
            return measured[expression]
        case Ratio():
            return _ratio(evaluate(expression.of, measured), evaluate(expression.over, measured))
        case Difference():
            return evaluate(expression.of, measured) - evaluate(expression.less, measured)
        case Deviation():
            count, total, squares = (
                evaluate(part, measured) for part in (expression.count, expression.total, expression.squares)
            )
            return _deviation(count, total, squares)
        case Leader():
            return _leader(np.stack([evaluate(number, measured) for number in expression.numbers]), expression.prefers)


def _ratio(of: np.ndarray, over: np.ndarray) -> np.ndarray:
    return np.divide(of, over, out=np.full(len(of), np.nan), where=over > 0)


def _deviation(count: np.ndarray, total: np.ndarray, squares: np.ndarray) -> np.ndarray:
    enough = count >= 2
    safe = np.where(enough, count, 2.0)
    variance = (squares - total * total / safe) / (safe - 1)
    return np.where(enough, np.sqrt(np.maximum(variance, 0.0)), np.nan)


def _leader(numbers: np.ndarray, prefers: str) -> np.ndarray:
    """The row (word) of each column (customer) that leads; a number of 0 or missing leads nothing."""
    leads = numbers > 0
    ranked = np.where(leads, numbers if prefers == "largest" else -numbers, -np.inf)
    return np.where(leads.any(axis=0), ranked.argmax(axis=0), np.nan)
