"""The reasons of a churn score, as sentences in English and Japanese.

The contributions of each feature family (recency, spend, ...) are added up. The feature of the family that contributes
most in the family's direction gives the sentence. A `FeatureColumn` has the sentence with gaps:

    {value} {usual}                 as numbers, percentages (unit 'share') or words
    {value_days} {usual_days}       as days: '1 day', '26 days'
    {change} {usual_change}         a trend's share of the recent half as a change: 'down 67%', 'steady'
    {mean_gap_days}                 another feature of the customer as days, by its name
    {every_mean_gap_days}           the same as an interval: 'every 3 days'
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.feature_table import FeatureColumn
from core.i18n.formatting import format_number, format_percent
from core.i18n.translation import (
    ENGLISH,
    GAP,
    JAPANESE,
    Language,
    capitalize,
    translate,
    translate_plural,
    translate_template,
)
from core.scores import Reason

CACHE_SIZE = 65_536
"Of each cached text: a million customers share a few thousand values."
MIN_WEIGHT = 1e-9
"In log-odds; smaller contributions are rounding errors."
STEADY_CHANGE = 0.05
"Relative changes below it read as steady."
ABOUT_USUAL = re.compile(r"\s*[((][^()()]*\{usual\w*\}[^()()]*[))]")
"The part of a sentence on the usual value, which is left out where that is unknown."


def usual_values(values: NDArray[np.float64], columns: Sequence[FeatureColumn]) -> NDArray[np.float64]:
    """The cohort's usual value of each column, (m,): the median, or the most frequent word; NaN if never known."""
    usual = np.full(len(columns), np.nan)
    for place, column in enumerate(columns):
        present = values[~np.isnan(values[:, place]), place]
        if len(present):
            is_word = column.vocabulary is not None
            usual[place] = np.bincount(present.astype(np.int64)).argmax() if is_word else np.median(present)
    return usual


def explain_scores(
    contributions: NDArray[np.float64],
    values: NDArray[np.float64],
    *,
    columns: Sequence[FeatureColumn],
    usual: NDArray[np.float64],
    k: int,
) -> list[tuple[Reason, ...]]:
    """At most k reasons for each row of contributions (n, m) in log-odds, strongest first."""
    if not columns:
        return [()] * len(values)
    compared = comparison_values(values, columns, usual=usual)
    places = {column.name: place for place, column in enumerate(columns)}
    reasons = []
    for row, strongest in enumerate(strongest_features(contributions, columns, k=k)):
        customer = _Customer(values[row], places)
        reasons.append(
            tuple(
                _reason(columns[place], weight, customer=customer, usual=compared[row, place])
                for place, weight in strongest
            )
        )
    return reasons


def strongest_features(
    contributions: NDArray[np.float64], columns: Sequence[FeatureColumn], *, k: int
) -> list[list[tuple[int, float]]]:
    """The k families with the largest weights in each row of contributions (n, m), strongest first.

    Each is the place of the feature that contributes most in the family's direction, and the family's sum. Families
    that contribute nothing are left out.
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
        [(int(strongest[row, f]), float(weights[row, f])) for f in first[row] if abs(weights[row, f]) > MIN_WEIGHT]
        for row in range(len(contributions))
    ]


def comparison_values(
    values: NDArray[np.float64], columns: Sequence[FeatureColumn], *, usual: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What each value is compared with, (n, m): the customer's own usual value where known, else the cohort's."""
    names = [column.name for column in columns]
    compared = np.tile(usual, (len(values), 1))
    for place, column in enumerate(columns):
        if column.usual_of in names:
            own = values[:, names.index(column.usual_of)]
            compared[:, place] = np.where(np.isnan(own), usual[place], own)
    return compared


@dataclass(frozen=True)
class _Customer:
    """The feature values of one customer."""

    values: NDArray[np.float64]
    "(m,)."
    places: Mapping[str, int]
    "By feature name."

    def value_of(self, feature: str) -> float:
        return float(self.values[self.places[feature]]) if feature in self.places else np.nan


def _reason(column: FeatureColumn, weight: float, *, customer: _Customer, usual: float) -> Reason:
    value = customer.value_of(column.name)
    return Reason(
        code=column.family,
        direction="up" if weight > 0 else "down",
        weight=weight,
        value=decode_value(column, value),
        usual_value=decode_value(column, usual),
        en=_sentence(column, ENGLISH, value=value, usual=usual, customer=customer),
        ja=_sentence(column, JAPANESE, value=value, usual=usual, customer=customer),
    )


def decode_value(column: FeatureColumn, value: float) -> float | str | None:
    """A value as people know it: a word instead of its code, None where it is missing."""
    if math.isnan(value):
        return None
    return float(value) if column.vocabulary is None else column.vocabulary[int(value)]


def describe_value(column: FeatureColumn, value: float, *, language: Language) -> str:
    """A value as text."""
    decoded = decode_value(column, value)
    if decoded is None:
        return translate("no value", language)
    if isinstance(decoded, str):
        return decoded
    return _percent(decoded, language) if column.unit == "share" else _number(decoded, language)


def _sentence(column: FeatureColumn, language: Language, *, value: float, usual: float, customer: _Customer) -> str:
    """The column's own sentence, or the plain one where a feature that it names has no value."""
    is_missing, is_comparable = math.isnan(value), not math.isnan(usual)
    sentence = ""
    for template in _templates(column, language, is_missing=is_missing, is_comparable=is_comparable):
        gaps = {
            gap: _fill_gap(gap, column, language=language, value=value, usual=usual, customer=customer)
            for gap in _gaps(template)
        }
        sentence = GAP.sub(lambda gap, gaps=gaps: gaps[gap[1]] or gap[0], template)
        if None not in gaps.values():
            break
    return sentence


@lru_cache(CACHE_SIZE)
def _templates(column: FeatureColumn, language: Language, *, is_missing: bool, is_comparable: bool) -> tuple[str, ...]:
    """The templates to try: the column's own, if any, then a plain one."""
    own = column.sentence(language, is_missing=is_missing)
    message = "{title}: not known (usually {usual})" if is_missing else "{title}: {value} (usually {usual})"
    plain = translate_template(message, language, title=capitalize(column.title(language)))
    if is_comparable:
        return (own, plain) if own else (plain,)
    # A missing value that no customer has is not recorded at all, so the column's sentence on the customer would be
    # wrong.
    templates = (own, plain) if own and not is_missing else (plain,)
    return tuple(ABOUT_USUAL.sub("", template) for template in templates)


@lru_cache(CACHE_SIZE)
def _gaps(template: str) -> tuple[str, ...]:
    return tuple(GAP.findall(template))


def _fill_gap(
    gap: str, column: FeatureColumn, *, language: Language, value: float, usual: float, customer: _Customer
) -> str | None:
    """The text for a gap; None where the feature that it names has no value."""
    kind = gap.removeprefix("usual").removeprefix("value").lstrip("_")
    if gap.startswith(("value", "usual")) or gap == "change":
        filling = usual if gap.startswith("usual") else value
        if kind == "days":
            return _days(filling, language)
        return _change(filling, language) if kind == "change" else describe_value(column, filling, language=language)
    feature = gap.removeprefix("every_")
    other = customer.value_of(feature)
    if math.isnan(other):
        return None
    return _days(other, language) if feature == gap else _interval(other, language)


@lru_cache(CACHE_SIZE)
def _number(value: float, language: Language) -> str:
    # Whole from ten upwards: people say 74 days, not 74.21.
    if abs(value) >= 10 or value == round(value):
        return format_number(round(value), language)
    rounded = float(f"{value:.2g}")
    return format_number(rounded, language, n_decimals=len(f"{rounded:f}".rstrip("0").partition(".")[2]))


@lru_cache(CACHE_SIZE)
def _percent(value: float, language: Language) -> str:
    percent = 100 * value
    if abs(percent) >= 10 or percent == round(percent):
        return format_percent(round(percent) / 100, language)
    return format_percent(round(percent, 1) / 100, language, n_decimals=1)


@lru_cache(CACHE_SIZE)
def _days(value: float, language: Language) -> str:
    return translate_plural(
        ("{n} day", "{n} days"), 1 if value == 1 else 2, language=language, n=_number(value, language)
    )


@lru_cache(CACHE_SIZE)
def _interval(value: float, language: Language) -> str:
    days = max(1, round(value))
    return translate_plural(("every day", "every {n} days"), days, language=language)


@lru_cache(CACHE_SIZE)
def _change(recent_share: float, language: Language) -> str:
    """The change from the older half of a period to the recent half, from the recent half's share."""
    if recent_share in (0.0, 1.0):
        return translate("down to none" if recent_share == 0 else "up from none", language)
    change = recent_share / (1 - recent_share) - 1
    if abs(change) < STEADY_CHANGE:
        return translate("steady", language)
    percent = format_percent(round(abs(change), 2), language)
    return translate("up {percent}" if change > 0 else "down {percent}", language, percent=percent)
