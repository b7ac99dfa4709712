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

A number that reads like the usual one, or a silence as long as the customer's own rhythm, explains nothing:
`SentenceWriter.is_as_usual`. A word that most customers have may: the others are at another risk, and the sentence says
so.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from core.feature_table import FeatureColumn
from core.i18n.translation import GAP, Language, capitalize, translate, translate_template
from models.churn.described_values import (
    CACHE_SIZE,
    EVERY,
    OWN_VALUE,
    Find,
    describe_other,
    describe_own,
    describe_value,
)

BRACKETS = re.compile(r"(\s*[((][^()()]*\{\w+\}[^()()]*[))])")
"A part of a template that is left out where its gap has no value."


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
        self._written: dict[tuple[int, float | None, bool], _Written] = {}
        "Sentences that depend on the value alone, by place, value (None is missing) and whether it raises the risk."

    def write(self, place: int, value: float, *, raises_risk: bool, find: Find) -> str:
        """The sentence on a value of the column at a place."""
        return self._find_written(place, value, raises_risk=raises_risk, find=find).text

    def is_as_usual(self, place: int, value: float, *, raises_risk: bool, find: Find) -> bool:
        """Whether the sentence names a number that reads like the one that it calls usual."""
        return self._find_written(place, value, raises_risk=raises_risk, find=find).is_as_usual

    def write_absence(self, place: int, value: float, *, raises_risk: bool, find: Find) -> str:
        """The sentence on a missing value, or on one that is longer than usual and a risk; '' where there is none."""
        template = self._columns[place].absence_sentence(value, self._language, raises_risk=raises_risk)
        if not template:
            return ""
        filled = _fill(_parse(template), self._columns[place], value=value, language=self._language, find=find)
        return filled.text or ""

    def _find_written(self, place: int, value: float, *, raises_risk: bool, find: Find) -> _Written:
        key = (place, None if math.isnan(value) else value, raises_risk)
        written = self._written.get(key)
        if written is None:
            written = self._write(place, value, raises_risk=raises_risk, find=find)
            if not written.depends_on_others:
                self._written[key] = written
        return written

    def _write(self, place: int, value: float, *, raises_risk: bool, find: Find) -> _Written:
        column, language, is_missing = self._columns[place], self._language, math.isnan(value)
        has_other = False
        # If no customer has a value, it is not recorded at all, and a sentence on this customer would be wrong.
        is_recorded = not (is_missing and math.isnan(self._usual[place]))
        templates = column.sentences(value, language, raises_risk=raises_risk) if is_recorded else ()
        for template in templates:
            filled = _fill(_parse(template), column, value=value, language=language, find=find)
            has_other |= filled.depends_on_others
            if filled.text is not None:
                if is_missing or filled.has_own_rhythm:
                    return _Written(filled.text, has_other, filled.is_own_rhythm)
                is_as_usual = self._reads_as_usual(place, value, kind=filled.kind)
                return _Written(self._compare(filled.text, place, kind=filled.kind), has_other, is_as_usual)
        before, after = self._plain[place]
        if is_missing:
            return _Written(f"{before}{translate('not recorded', language)}{after}", has_other)
        sentence = f"{before}{describe_value(column, value, language=language)}{after}"
        if column.vocabulary is not None:
            return _Written(self._compare_word(sentence, place, value=value, raises_risk=raises_risk), has_other)
        is_as_usual = self._reads_as_usual(place, value, kind="value")
        return _Written(self._compare(sentence, place, kind="value"), has_other, is_as_usual)

    def _reads_as_usual(self, place: int, value: float, *, kind: str) -> bool:
        """Whether a number is written like the usual one of all customers."""
        column, usual = self._columns[place], self._usual[place]
        if math.isnan(usual) or column.vocabulary is not None:
            return False
        texts = (describe_own(column, number, kind=kind, language=self._language) for number in (value, usual))
        return next(texts) == next(texts)

    def _compare(self, sentence: str, place: int, *, kind: str) -> str:
        """The sentence with what is usual among all customers, written in the same way as the value."""
        if (place, kind) not in self._comparisons:
            self._comparisons[place, kind] = self._comparison(place, kind)
        before, after = self._comparisons[place, kind]
        return f"{before}{sentence}{after}"

    def _compare_word(self, sentence: str, place: int, *, value: float, raises_risk: bool) -> str:
        """The sentence on a word with the most common one; if it is that, with why it counts."""
        if value != self._usual[place]:
            return self._compare(sentence, place, kind="value")
        # Contributions are distances from the average customer, so those of the others have the other sign.
        message = (
            "{sentence} (as most customers; the others are at lower risk)"
            if raises_risk
            else "{sentence} (as most customers; the others are at higher risk)"
        )
        return translate(message, self._language, sentence=sentence)

    def _comparison(self, place: int, kind: str) -> tuple[str, str]:
        """What comes before and after a sentence to compare it."""
        column, usual, language = self._columns[place], self._usual[place], self._language
        if math.isnan(usual):
            return "", ""
        text = describe_own(column, usual, kind=kind, language=language)
        if column.vocabulary is not None:
            message = "{sentence} (most common among all customers: {usual})"
            return _split(translate_template(message, language, usual=text))
        return _split(translate_template("{sentence} (median of all customers: {usual})", language, usual=text))


def _split(template: str) -> tuple[str, str]:
    """The texts before and after the only gap of a template."""
    before, _, after = GAP.split(template, maxsplit=1)
    return before, after


class _Written(NamedTuple):
    """A sentence."""

    text: str
    depends_on_others: bool
    "Whether it depends on other features of the customer."
    is_as_usual: bool = False
    "See `SentenceWriter.is_as_usual`."


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
    is_own_rhythm: bool = False
    "Whether the days since the last event are those that usually lie between two."


@lru_cache(CACHE_SIZE)
def _parse(template: str) -> tuple[_Part, ...]:
    parts = BRACKETS.split(template)
    return tuple(_Part(tuple(GAP.split(part)), place % 2 == 1) for place, part in enumerate(parts) if part)


def _fill(parts: tuple[_Part, ...], column: FeatureColumn, *, value: float, language: Language, find: Find) -> _Filled:
    texts: list[str] = []
    kind, has_own_rhythm, depends_on_others = "value", False, False
    days_since, days_between = math.nan, math.nan
    for part in parts:
        written: list[str] = [part.pieces[0]]
        for gap, text in zip(part.pieces[1::2], part.pieces[2::2], strict=True):
            if gap in OWN_VALUE:
                kind = gap
                days_since = value if gap == "value_days" else days_since
                filling = describe_own(column, value, kind=gap, language=language)
            else:
                depends_on_others = True
                if gap.startswith(EVERY):
                    days_between = find(gap.removeprefix(EVERY))
                else:
                    days_since = find(gap)
                filling = describe_other(gap, find, language=language)
            if filling is None:
                break
            written += (filling, text)
        else:
            has_own_rhythm |= any(gap not in OWN_VALUE for gap in part.pieces[1::2])
            texts += written
            continue
        if not part.is_optional:
            return _Filled(None, kind, has_own_rhythm, depends_on_others)
    is_own_rhythm = not math.isnan(days_since + days_between) and round(days_since) == max(1, round(days_between))
    return _Filled("".join(texts), kind, has_own_rhythm, depends_on_others, is_own_rhythm)
