"""Explains recommended items in English and Japanese, and names the past purchases that contribute to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.i18n.formatting import format_date, format_percent
from core.i18n.translation import ENGLISH, JAPANESE, Language, translate
from core.recommendations import Stage
from serving.release.customer_part import RecordedProfile
from serving.release.item_part import ItemPart
from serving.release.recommender_part import RecommenderPart


class Contribution(msgspec.Struct, frozen=True):
    """A past purchase, or an item looked at since the release, that contributes to a recommended item."""

    item_id: str
    share: float
    "Share of all positive contributions to the item's score, 0 to 1, exact. A negative contribution counts as 0."


class Explanation(msgspec.Struct, frozen=True):
    """One sentence per language, to show to the customer."""

    en: str
    ja: str


@dataclass(frozen=True)
class PurchaseDays:
    """One customer's purchases on record."""

    items: NDArray[np.int32]
    "(lines,) codes."
    times: NDArray[np.datetime64]
    "(lines,) datetime64[s], rising."

    def days_of(self, item: int) -> list[date]:
        """The distinct days on which the customer bought an item, in order."""
        return list(dict.fromkeys(self._days[self.items == item].tolist()))

    @cached_property
    def _days(self) -> NDArray[np.datetime64]:
        return self.times.astype("datetime64[D]")


@dataclass(frozen=True)
class Explainer:
    """Explains the items recommended to one customer."""

    catalogue: ItemPart
    past: PurchaseDays
    "Purchases on record only: the history in a request has no dates."
    profile: RecordedProfile
    looked_at: frozenset[int] = frozenset()
    "Codes of past items that the customer has not bought, only looked at."

    @classmethod
    def of_customer(
        cls,
        part: RecommenderPart,
        row: int,
        *,
        profile: RecordedProfile | None = None,
        looked_at: frozenset[int] = frozenset(),
    ) -> Explainer:
        """The explainer of the customer in a row, -1 for a customer without a record.

        `profile` replaces the one on record, for requests that contain preferences.
        """
        past = PurchaseDays(*part.customers.items_and_times(row if part.rules.has_days else -1))
        return cls(part.items, past, part.customers.profile_of(row) if profile is None else profile, looked_at)

    def explain(self, item: int, stage: Stage, *, contributions: Sequence[tuple[int, float]]) -> Explanation:
        """Explain one recommended item; contributions are codes and shares of past purchases, largest first."""
        if stage == Stage.PREFERENCES:
            return self._by_preferences(item)
        if stage == Stage.SEGMENT:
            return self._by_attribute_groups
        if not contributions:
            return explain("popular right now")
        if contributions[0][0] == item:
            return self._by_repeat_purchase(item)
        return self._by_contribution(*contributions[0])

    def _by_repeat_purchase(self, item: int) -> Explanation:
        if item in self.looked_at:
            return explain("because you looked at it")
        days = self.past.days_of(item)
        if not len(days):
            return explain("because you bought it")
        if len(days) == 1:
            return explain("you bought it on {day}", day=days[0])
        gap_days = round((days[-1] - days[0]).days / (len(days) - 1))
        if gap_days < 2:
            return explain("you buy it often and last bought it on {day}", day=days[-1])
        return explain("you buy it about every {n} days and last bought it on {day}", n=gap_days, day=days[-1])

    def _by_contribution(self, past_item: int, share: float) -> Explanation:
        title, days = self.catalogue.display_name(past_item), self.past.days_of(past_item)
        if past_item in self.looked_at:
            return explain("because you looked at {title} ({percent})", title=title, percent=share)
        if not len(days):
            return explain("because you bought {title} ({percent})", title=title, percent=share)
        return explain("because you bought {title} on {day} ({percent})", title=title, day=days[-1], percent=share)

    def _by_preferences(self, item: int) -> Explanation:
        liked = self.catalogue.matching_preferences(item, self.profile.preferences)
        if not liked:
            return explain("it matches your preferences")
        return explain("you told us that you like {preferences}", preferences=liked)

    @cached_property
    def _by_attribute_groups(self) -> Explanation:
        groups = tuple(self.profile.attribute_groups.values())
        return explain("popular with customers like you ({segments})", segments=groups)


def explain(message: str, /, **values: str | int | float | date | Sequence[str]) -> Explanation:
    """An explanation in both languages. Dates, shares (float) and lists are written as each language writes them."""
    return Explanation(_in(message, ENGLISH, values=values), _in(message, JAPANESE, values=values))


def _in(message: str, language: Language, *, values: Mapping[str, str | int | float | date | Sequence[str]]) -> str:
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
