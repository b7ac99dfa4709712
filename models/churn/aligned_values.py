"""The values of a fitted model's columns in another feature table, found by name."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.errors import DataError
from core.feature_table import FeatureColumn, FeatureTable


def align_values(features: FeatureTable, columns: tuple[FeatureColumn, ...]) -> NDArray[np.float64]:
    """The values of these columns, found by name, (n, m); categorical codes follow the columns' vocabularies.

    Raises DataError for a missing column, or for one that changed from words to numbers or back.
    """
    selected = features.select([column.name for column in columns])
    values = selected.values  # a copy, so the caller's values stay unchanged
    for place, (current, fitted) in enumerate(zip(selected.columns, columns, strict=True)):
        if current.vocabulary != fitted.vocabulary:
            values[:, place] = _recode(values[:, place], current, fitted=fitted)
    return values


def _recode(codes: NDArray[np.float64], current: FeatureColumn, *, fitted: FeatureColumn) -> NDArray[np.float64]:
    if current.vocabulary is None or fitted.vocabulary is None:
        raise DataError(f"feature '{fitted.name}' has words in one table and numbers in the other; train again")
    new_code = {word: float(code) for code, word in enumerate(fitted.vocabulary)}
    by_old_code = np.array([new_code.get(word, np.nan) for word in current.vocabulary] + [np.nan])
    return by_old_code[np.where(np.isnan(codes), -1, codes).astype(np.int64)]
