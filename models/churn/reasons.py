"""Why a customer has this score, in words that can be read to them.

The contributions of a family's features (recency, spend, ...) are added up; the
feature that contributed most in the family's direction gives the sentence.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.feature_table import FeatureColumn
from core.scores import Reason

LEAST_WEIGHT = 1e-9
"Log-odds; smaller contributions are rounding."

UNKNOWN = {"en": "unknown", "ja": "不明"}


def usual_values(values: np.ndarray, columns: Sequence[FeatureColumn]) -> np.ndarray:
    """The cohort's usual value of each column, (m,): the median or the most frequent word; NaN if never known."""
    usual = np.full(len(columns), np.nan)
    for place, column in enumerate(columns):
        known = values[~np.isnan(values[:, place]), place]
        if len(known):
            frequent = column.vocabulary is not None
            usual[place] = np.bincount(known.astype(np.int64)).argmax() if frequent else np.median(known)
    return usual


def reasons_of(
    contributions: np.ndarray, values: np.ndarray, columns: Sequence[FeatureColumn], usual: np.ndarray, k: int
) -> list[tuple[Reason, ...]]:
    """At most k reasons for each row of contributions (n, m) in log-odds, strongest first."""
    if not columns:
        return [()] * len(values)
    compared = compared_values(values, columns, usual)
    return [
        tuple(_reason(columns[place], weight, values[row, place], compared[row, place]) for place, weight in found)
        for row, found in enumerate(strongest_features(contributions, columns, k))
    ]


def strongest_features(
    contributions: np.ndarray, columns: Sequence[FeatureColumn], k: int
) -> list[list[tuple[int, float]]]:
    """The k families that weigh most in each row of contributions (n, m), strongest first.

    Each as the place of the feature that pulls hardest in its direction, and the family's sum; none for one that
    contributes nothing.
    """
    families = sorted({column.family for column in columns})
    members = [np.array([place for place, c in enumerate(columns) if c.family == family]) for family in families]
    weights = np.column_stack([contributions[:, places].sum(axis=1) for places in members])
    signs = np.sign(weights)
    strongest = np.column_stack(
        [
            places[(contributions[:, places] * signs[:, [family]]).argmax(axis=1)]
            for family, places in enumerate(members)
        ]
    )
    first = np.argsort(-np.abs(weights), axis=1, kind="stable")[:, :k]
    return [
        [(int(strongest[row, f]), float(weights[row, f])) for f in first[row] if abs(weights[row, f]) > LEAST_WEIGHT]
        for row in range(len(contributions))
    ]


def compared_values(values: np.ndarray, columns: Sequence[FeatureColumn], usual: np.ndarray) -> np.ndarray:
    """What each value is compared with, (n, m): the customer's own usual value where known, else the cohort's."""
    names = [column.name for column in columns]
    compared = np.tile(usual, (len(values), 1))
    for place, column in enumerate(columns):
        if column.usual_of in names:
            own = values[:, names.index(column.usual_of)]
            compared[:, place] = np.where(np.isnan(own), usual[place], own)
    return compared


def _reason(column: FeatureColumn, weight: float, value: float, usual: float) -> Reason:
    told, told_usual = told_value(column, value), told_value(column, usual)
    return Reason(
        code=column.family,
        direction="up" if weight > 0 else "down",
        weight=weight,
        value=told,
        usual_value=told_usual,
        en=_sentence(column.says_en or f"{column.en}: {{value}} (usually {{usual}})", told, told_usual, "en"),
        ja=_sentence(column.says_ja or f"{column.ja}:{{value}}(通常{{usual}})", told, told_usual, "ja"),
    )


def told_value(column: FeatureColumn, value: float) -> float | str | None:
    """A value as people know it: a word for its code, nothing where it is missing."""
    if np.isnan(value):
        return None
    return float(value) if column.vocabulary is None else column.vocabulary[int(value)]


def _sentence(template: str, value: float | str | None, usual: float | str | None, language: str) -> str:
    return template.format(value=read_aloud(value, language), usual=read_aloud(usual, language))


def read_aloud(value: float | str | None, language: str) -> str:
    """A value as it stands in a sentence."""
    if value is None:
        return UNKNOWN[language]
    if isinstance(value, str):
        return value
    # Whole from ten upwards: nobody says 74.21 days.
    return f"{value:,.0f}" if abs(value) >= 10 or value == round(value) else f"{value:.2g}"
