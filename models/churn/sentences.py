"""Sentences on one feature of one customer, in English and Japanese.

    Last purchase 74 days ago (this customer usually buys every 21 days)     the customer's own rhythm, where known
    Orders in the last 30 days: 2 (median of all customers: 5)               otherwise what is usual among all

A `FeatureColumn` has the templates. Their gaps:

    {value}                         as a number with its unit, an amount, a percentage (unit 'share') or a word
    {value_days} {value_every}      as days: '26 days', 'every 26 days'
    {value_percent}                 as a percentage
    {change}                        a trend's share of the recent half as a change: 'down 67%', 'steady'
    {mean_gap_days}                 another feature of the customer as days, by its name
    {every_mean_gap_days}           the same as an interval: 'every 3 days'

Brackets whose gap has no value are left out. A template without a value for another gap is not used.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

from core.feature_table import FeatureColumn
from core.i18n.formatting import format_amount, format_number, format_percent
from core.i18n.translation import (
    GAP,
    Language,
    capitalize,
    has_translation,
    translate,
    translate_plural,
    translate_template,
)

CACHE_SIZE = 65_536
"Of each cached text: a million customers share a few thousand values."
STEADY_CHANGE = 0.05
"Relative changes below it read as steady."
BRACKETS = re.compile(r"(\s*[((][^()()]*\{\w+\}[^()()]*[))])")
"A part of a template that is left out where its gap has no value."
OWN_VALUE = ("value", "value_days", "value_every", "value_percent", "change")
"Gaps for the value of the feature itself."

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


class SentenceWriter:
    """Writes the sentences on some features in one language."""

    def __init__(self, columns: Sequence[FeatureColumn], language: Language, *, usual: Sequence[float]) -> None:
        """`usual` has what is usual among all customers for each column, NaN if unknown."""
        self._columns = columns
        self._language = language
        self._usual = usual
        self._plain = [
            _split(translate_template("{title}: {value}", language, title=capitalize(column.title(language))))
            for column in columns
        ]
        self._comparisons: dict[tuple[int, str], tuple[str, str]] = {}
        "What surrounds a sentence, by place and kind of value."
        self._written: dict[tuple[int, float | None, bool], str] = {}
        "Sentences that depend on the value alone, by place, value (None is missing) and whether it raises the risk."

    def write(self, place: int, value: float, *, raises_risk: bool, find: Find) -> str:
        """The sentence on a value of the column at a place."""
        key = (place, None if math.isnan(value) else value, raises_risk)
        written = self._written.get(key)
        if written is not None:
            return written
        sentence, has_other = self._write(place, value, raises_risk=raises_risk, find=find)
        if not has_other:
            self._written[key] = sentence
        return sentence

    def write_absence(self, place: int, value: float, *, raises_risk: bool, find: Find) -> str:
        """The sentence on a missing value, or on one that is longer than usual and a risk; '' where there is none."""
        template = self._columns[place].absence_sentence(value, self._language, raises_risk=raises_risk)
        if not template:
            return ""
        filled = _fill(_parse(template), self._columns[place], value=value, language=self._language, find=find)
        return filled.text or ""

    def _write(self, place: int, value: float, *, raises_risk: bool, find: Find) -> tuple[str, bool]:
        """The sentence, and whether it depends on other features of the customer."""
        column, language, is_missing = self._columns[place], self._language, math.isnan(value)
        has_other = False
        # If no customer has a value, it is not recorded at all, and a sentence on this customer would be wrong.
        is_recorded = not (is_missing and math.isnan(self._usual[place]))
        templates = column.sentences(value, language, raises_risk=raises_risk) if is_recorded else ()
        for template in templates:
            filled = _fill(_parse(template), column, value=value, language=language, find=find)
            has_other |= filled.depends_on_others
            if filled.text is not None:
                is_complete = is_missing or filled.has_own_rhythm
                return filled.text if is_complete else self._compare(filled.text, place, kind=filled.kind), has_other
        before, after = self._plain[place]
        if is_missing:
            return f"{before}{translate('not recorded', language)}{after}", has_other
        sentence = f"{before}{describe_value(column, value, language=language)}{after}"
        if column.vocabulary is not None:
            return self._compare_word(sentence, place, value=value), has_other
        return self._compare(sentence, place, kind="value"), has_other

    def _compare(self, sentence: str, place: int, *, kind: str) -> str:
        """The sentence with what is usual among all customers, written in the same way as the value."""
        if (place, kind) not in self._comparisons:
            self._comparisons[place, kind] = self._comparison(place, kind)
        before, after = self._comparisons[place, kind]
        return f"{before}{sentence}{after}"

    def _compare_word(self, sentence: str, place: int, *, value: float) -> str:
        """The sentence on a word with the most common one, unless it is that."""
        if value != self._usual[place]:
            return self._compare(sentence, place, kind="value")
        return translate("{sentence} (as most customers)", self._language, sentence=sentence)

    def _comparison(self, place: int, kind: str) -> tuple[str, str]:
        """What comes before and after a sentence to compare it."""
        column, usual, language = self._columns[place], self._usual[place], self._language
        if math.isnan(usual):
            return "", ""
        text = _describe_own(column, usual, kind=kind, language=language)
        if column.vocabulary is not None:
            message = "{sentence} (most common among all customers: {usual})"
            return _split(translate_template(message, language, usual=text))
        return _split(translate_template("{sentence} (median of all customers: {usual})", language, usual=text))


def _split(template: str) -> tuple[str, str]:
    """The texts before and after the only gap of a template."""
    before, _, after = GAP.split(template, maxsplit=1)
    return before, after


class _Part(NamedTuple):
    """A part of a template: texts and gaps in turn, beginning and ending with a text."""

    pieces: tuple[str, ...]
    is_optional: bool


class _Filled(NamedTuple):
    """A template with its gaps filled."""

    text: str | None
    "None if a gap has no value."
    kind: str
    "How the value is written, which is also how the usual one is."
    has_own_rhythm: bool
    "Whether the sentence says what is usual for the customer."
    depends_on_others: bool
    "Whether the template names other features."


@lru_cache(CACHE_SIZE)
def _parse(template: str) -> tuple[_Part, ...]:
    parts = BRACKETS.split(template)
    return tuple(_Part(tuple(GAP.split(part)), place % 2 == 1) for place, part in enumerate(parts) if part)


def _fill(parts: tuple[_Part, ...], column: FeatureColumn, *, value: float, language: Language, find: Find) -> _Filled:
    texts: list[str] = []
    kind, has_own_rhythm, depends_on_others = "value", False, False
    for part in parts:
        written: list[str] = [part.pieces[0]]
        for gap, text in zip(part.pieces[1::2], part.pieces[2::2], strict=True):
            if gap in OWN_VALUE:
                kind = gap
                filling = _describe_own(column, value, kind=gap, language=language)
            else:
                depends_on_others = True
                filling = _describe_other(gap, find, language=language)
            if filling is None:
                break
            written += (filling, text)
        else:
            has_own_rhythm |= any(gap not in OWN_VALUE for gap in part.pieces[1::2])
            texts += written
            continue
        if not part.is_optional:
            return _Filled(None, kind, has_own_rhythm, depends_on_others)
    return _Filled("".join(texts), kind, has_own_rhythm, depends_on_others)


def _describe_own(column: FeatureColumn, value: float, *, kind: str, language: Language) -> str:
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


def _describe_other(gap: str, find: Find, *, language: Language) -> str | None:
    feature = gap.removeprefix("every_")
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
