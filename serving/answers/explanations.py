"""Why an item is recommended, in English and Japanese, and which past purchases speak for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import msgspec
import numpy as np

from core.recommendations import Stage
from serving.release.customer_part import Words
from serving.release.item_part import ItemPart
from serving.release.recommender_part import RecommenderPart


class Contribution(msgspec.Struct, frozen=True):
    """A past purchase that speaks for a recommended item."""

    item_id: str
    share: float
    "Of all that past purchases say for the item, 0 to 1: exact, from the model's own sum. What speaks against is 0."


class Explanation(msgspec.Struct, frozen=True):
    """One sentence a language, to be shown to the customer."""

    en: str
    ja: str


@dataclass(frozen=True)
class Past:
    """What is on record of one customer: when each line was bought."""

    items: np.ndarray
    "(lines,) codes."
    times: np.ndarray
    "(lines,) datetime64[s], rising."

    def days_of(self, item: int) -> list[date]:
        """The different days on which an item was bought, rising."""
        return list(dict.fromkeys(self._days[self.items == item].tolist()))

    @cached_property
    def _days(self) -> np.ndarray:
        return self.times.astype("datetime64[D]")


@dataclass(frozen=True)
class Explainer:
    """Explains the items of one answer."""

    catalogue: ItemPart
    past: Past
    "On record; what the caller names beside it carries no date."
    words: Words
    "What they told us, and who they are."

    @classmethod
    def of_customer(cls, part: RecommenderPart, row: int, words: Words | None = None) -> Explainer:
        """Of one on record, by row (-1: nobody); `words` where more is known than on record."""
        customers, lines = part.customers, part.customers.lines(row)
        past = Past(customers.histories.items[lines], customers.histories.times[lines])
        return cls(part.items, past, customers.words_of(row) if words is None else words)

    def of(self, item: int, stage: str, contributors: Sequence[tuple[int, float]]) -> Explanation:
        """Explain one recommended item; `contributors` are codes and shares of past purchases, largest first."""
        if stage == Stage.PREFERENCES:
            return self._told(item)
        if stage == Stage.SEGMENT:
            return self._segment
        if not contributors:
            return POPULAR
        if contributors[0][0] == item:
            return self._again(item)
        return self._because(*contributors[0])

    def _again(self, item: int) -> Explanation:
        days = self.past.days_of(item)
        if not len(days):
            return Explanation("because you bought it", "購入された商品です")
        if len(days) == 1:
            return Explanation(f"you bought it on {days[0]}", f"{days[0]}に購入された商品です")
        every = round((days[-1] - days[0]).days / (len(days) - 1))
        if every < 2:
            return Explanation(
                f"you buy it often and last bought it on {days[-1]}", f"よく購入されている商品です(前回は{days[-1]})"
            )
        return Explanation(
            f"you buy it about every {every} days and last bought it on {days[-1]}",
            f"約{every}日ごとに購入されている商品です(前回は{days[-1]})",
        )

    def _because(self, past_item: int, share: float) -> Explanation:
        title, percent = self.catalogue.called(past_item), f"{share:.0%}".replace("%", " %")
        days = self.past.days_of(past_item)
        if not len(days):
            return Explanation(f"because you bought {title} ({percent})", f"「{title}」を購入されたため({percent})")
        return Explanation(
            f"because you bought {title} on {days[-1]} ({percent})",
            f"{days[-1]}に「{title}」を購入されたため({percent})",
        )

    def _told(self, item: int) -> Explanation:
        liked = self.catalogue.liked(item, self.words.preferences)
        named = ", ".join(liked)
        if not named:
            return Explanation("it suits what you told us", "お客様のお好みに合わせた商品です")
        return Explanation(f"you told us that you like {named}", f"「{'、'.join(liked)}」がお好きと伺ったため")

    @cached_property
    def _segment(self) -> Explanation:
        return segment_explanation(self.words.segments)


POPULAR = Explanation("bought by many now", "今よく購入されている商品です")


def segment_explanation(segments: Mapping[str, str]) -> Explanation:
    """Why an item stands there that customers of the same groups buy."""
    named = ", ".join(segments.values())
    return Explanation(
        f"bought by customers like you ({named})", f"同じようなお客様({named})によく購入されている商品です"
    )
