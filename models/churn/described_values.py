"""A feature's value as text: with its unit, as days, as an interval, as a percentage or as a change."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

from core.feature_table import FeatureColumn
from core.i18n.formatting import format_amount, format_number, format_percent
from core.i18n.translation import Language, has_translation, translate, translate_plural

CACHE_SIZE = 65_536
"Of each cached text: a million customers share a few thousand values."
STEADY_CHANGE = 0.05
"Relative changes below it read as steady."
OWN_VALUE = ("value", "value_days", "value_every", "value_percent", "change")
"Gaps for the value of the feature itself."
EVERY = "every_"
"The prefix of a gap that another feature fills as an interval."

Find = Callable[[str], float]
"Looks up another feature of the customer by its name; NaN if it is missing or not there."


def decode_value(column: FeatureColumn, value: float) -> float | str | None:
    """A value as people know it: a word instead of its code, None where it is missing."""
    if math.isnan(value):
        return None
    return float(value) if column.vocabulary is None else column.vocabulary[int(value)]


def describe_value(column: FeatureColumn, value: float, *, language: Language) -> str:
    """A value as text, with its unit where the language counts with one."""
    if column.vocabulary is not None:
        decoded = decode_value(column, value)
        return translate("no value", language) if decoded is None else str(decoded)
    if column.currency and not math.isnan(value):
        return format_amount(value, column.currency, locale=language, n_decimals=column.n_decimals)
    return _describe_number(column.unit, None if math.isnan(value) else float(value), language=language)


def describe_own(column: FeatureColumn, value: float, *, kind: str, language: Language) -> str:
    """The value as the gap `kind` of a template writes it, see `OWN_VALUE`."""
    match kind:
        case "value_days":
            return _days(value, language)
        case "value_every":
            return _interval(value, language)
        case "value_percent":
            return _percent(value, language)
        case "change":
            return _change(value, language)
        case _:
            return describe_value(column, value, language=language)


def describe_other(gap: str, find: Find, *, language: Language) -> str | None:
    """The value of another feature of the customer, which a gap names; None where it is missing."""
    feature = gap.removeprefix(EVERY)
    value = find(feature)
    if math.isnan(value):
        return None
    return _days(value, language) if feature == gap else _interval(value, language)


@lru_cache(CACHE_SIZE)
def _describe_number(unit: str, value: float | None, *, language: Language) -> str:
    if value is None:
        return translate("no value", language)
    if unit == "share":
        return _percent(value, language)
    counted = f"unit.{unit}"
    text = _number(value, language)
    return translate(counted, language, n=text) if has_translation(counted, language) else text


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
