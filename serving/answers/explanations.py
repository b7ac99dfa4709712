"""Explains why an item is recommended, in English and Japanese, and which past purchases contribute to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import msgspec
import numpy as np

from core.i18n.formatting import format_date, format_percent
from core.i18n.translation import ENGLISH, JAPANESE, Language, translate
from core.recommendations import Stage
from serving.release.customer_part import Words
from serving.release.item_part import ItemPart
from serving.release.recommender_part import RecommenderPart


class Contribution(msgspec.Struct, frozen=True):
    """A past purchase that contributes to the score of a recommended item."""

    item_id: str
    share: float
    "Share of all positive contributions to the item's score, 0 to 1, exact from the model's own sum."


class Explanation(msgspec.Struct, frozen=True):
    """One sentence per language, to be shown to the customer."""

    en: str
    ja: str


@dataclass(frozen=True)
class Past:
    """The recorded purchases of one customer."""

    items: np.ndarray
    "(lines,) codes."
    times: np.ndarray
    "(lines,) datetime64[s], ascending."

    def days_of(self, item: int) -> list[date]:
        """The distinct days on which an item was bought, ascending."""
        return list(dict.fromkeys(self._days[self.items == item].tolist()))

    @cached_property
    def _days(self) -> np.ndarray:
        return self.times.astype("datetime64[D]")


@dataclass(frozen=True)
class Explainer:
    """Explains the items of one response."""

    catalogue: ItemPart
    past: Past
    "Recorded purchases. Purchases that the caller adds to the request have no date."
    words: Words
    "The customer's stated preferences and segments."

    @classmethod
    def of_customer(cls, part: RecommenderPart, row: int, words: Words | None = None) -> Explainer:
        """The explainer for the customer of a row (-1: unknown); `words` overrides what is recorded of them."""
        customers, lines = part.customers, part.customers.lines(row)
        past = Past(customers.histories.items[lines], customers.histories.times[lines])
        return cls(part.items, past, customers.words_of(row) if words is None else words)

    def of(self, item: int, stage: str, contributors: Sequence[tuple[int, float]]) -> Explanation:
        """Explain one recommended item; `contributors` are past purchases and their shares, largest first."""
        if stage == Stage.PREFERENCES:
            return self._stated_preference(item)
        if stage == Stage.SEGMENT:
            return self._segment
        if not contributors:
            return explain("popular right now")
        if contributors[0][0] == item:
            return self._repeat_purchase(item)
        return self._past_purchase(*contributors[0])

    def _repeat_purchase(self, item: int) -> Explanation:
        days = self.past.days_of(item)
        if not len(days):
            return explain("because you bought it")
        if len(days) == 1:
            return explain("you bought it on {day}", day=days[0])
        gap_days = round((days[-1] - days[0]).days / (len(days) - 1))
        if gap_days < 2:
            return explain("you buy it often and last bought it on {day}", day=days[-1])
        return explain("you buy it about every {n} days and last bought it on {day}", n=gap_days, day=days[-1])

    def _past_purchase(self, past_item: int, share: float) -> Explanation:
        title, days = self.catalogue.called(past_item), self.past.days_of(past_item)
        if not len(days):
            return explain("because you bought {title} ({percent})", title=title, percent=share)
        return explain("because you bought {title} on {day} ({percent})", title=title, day=days[-1], percent=share)

    def _stated_preference(self, item: int) -> Explanation:
        liked = self.catalogue.liked(item, self.words.preferences)
        if not liked:
            return explain("it matches your preferences")
        return explain("you told us that you like {preferences}", preferences=liked)

    @cached_property
    def _segment(self) -> Explanation:
        return explain_segments(self.words.segments)


def explain_segments(segments: Mapping[str, str]) -> Explanation:
    """Explain an item that is popular in the customer's segments."""
    return explain("popular with customers like you ({segments})", segments=tuple(segments.values()))


def explain(message: str, /, **values: str | int | float | date | Sequence[str]) -> Explanation:
    """An explanation in both languages. Dates, shares (float) and lists are written as each language writes them."""
    return Explanation(_in(message, ENGLISH, values), _in(message, JAPANESE, values))


def _in(message: str, language: Language, values: Mapping[str, str | int | float | date | Sequence[str]]) -> str:
    return translate(message, language, **{name: _write(value, language) for name, value in values.items()})


def _write(value: str | int | float | date | Sequence[str], language: Language) -> str | int:
    match value:
        case str() | int():
            return value
        case float():
            return format_percent(value, language)
        case date():
            return format_date(value, language)
        case _:
            return translate(", ", language).join(value)
