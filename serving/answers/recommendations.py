"""From what is asked at the counter to the best items, and what speaks for each.

nothing special asked     -> what was worked out beforehand, less what has sold out since
a list that is everybody's -> the list, less what must not come back
anything else             -> the model, with everything that must not come back taken out beforehand
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.interactions import Histories
from core.recommendations import Recommendations
from models.protocols import Exclusions
from models.recommenders.engine.contributions import Speaking, shares_of, speaking
from models.recommenders.reranking.diversity import Diversity, diversified
from serving.answers.item_lists import ItemList
from serving.release.customer_part import Words
from serving.release.recommender_part import RecommenderPart
from serving.stock import OutOfStock

AS_IT_COMES = Diversity()


@dataclass(frozen=True)
class Query:
    """What is asked about one customer, checked."""

    row: int
    "Of the customer on record; -1 where there is none."
    k: int
    history: Sequence[str] = ()
    exclude: Sequence[str] = ()
    where: Mapping[str, Sequence[str]] = field(default_factory=dict)
    price_min: float | None = None
    price_max: float | None = None
    preferences: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    diversity: Diversity = AS_IT_COMES
    allow_seen: bool = True
    allow_not_due: bool = True
    in_stock: bool = True
    n_contributions: int = 1
    shown: ItemList | None = None
    "The list that is asked for instead of what the customer would like."

    @property
    def is_plain(self) -> bool:
        """Whether an answer that was worked out beforehand can be the answer."""
        brings = self.history or self.exclude or self.where or self.preferences
        priced = self.price_min is not None or self.price_max is not None
        as_usual = self.allow_seen and self.allow_not_due and self.in_stock
        personal = self.row >= 0 and self.shown is None
        return personal and as_usual and not brings and not priced and self.diversity == AS_IT_COMES


@dataclass(frozen=True)
class Result:
    """The answer to one wish."""

    best: Recommendations
    "Of one customer."
    speaking: list[Speaking]
    "For each item found, the past items that say most for it, at least one where there is any."
    words: Words
    "What was known of the customer beside their purchases."


def found_for(part: RecommenderPart, wish: Query, lacking: OutOfStock, now: np.datetime64) -> Result:
    """The best items for one wish; `now` is when the items were bought that it brings."""
    if wish.is_plain:
        worked = part.worked_out(wish.row, wish.k, None if lacking.as_released else lacking.mask)
        if worked is not None:
            return _beforehand(part, wish, worked.best, worked.shares)
    since = Histories.of_items([wish.history], part.model.item_ids, now)
    history = part.customers.history_of(wish.row, since)
    words = words_of(part, wish)
    ask = _asking(part, wish, history, words, lacking)
    best = diversified(ask, wish.k, wish.diversity, part.items.categories, part.model.likeness_between)
    said = _speaking(part, wish, best, history) if wish.shown is None else [[]] * int((best.items[0] >= 0).sum())
    return Result(best, said, words)


def words_of(part: RecommenderPart, wish: Query) -> Words:
    """What is known of the customer beside their purchases; what is told now replaces what was told of the same."""
    known = part.customers.words_of(wish.row)
    return Words({**known.preferences, **wish.preferences}, known.segments) if wish.preferences else known


def _asking(
    part: RecommenderPart, wish: Query, history: Histories, words: Words, lacking: OutOfStock
) -> Callable[[int], Recommendations]:
    exclusions = Exclusions(
        items=_hidden(part, wish, lacking),
        per_customer=[wish.exclude],
        seen=not wish.allow_seen,
        not_due=not wish.allow_not_due,
    )
    shown = wish.shown
    if shown is not None:
        return lambda k: shown.best_of(
            k, lambda scores, stage, n: part.model.listed(scores, stage, history, n, part.cutoff, exclusions)
        )
    start = part.around.start_of(words)
    return lambda k: part.model.recommend(history, k, part.cutoff, exclusions, start)


def _hidden(part: RecommenderPart, wish: Query, lacking: OutOfStock) -> np.ndarray:
    """The codes of what must not come back, whoever asks."""
    if not wish.where and wish.price_min is None and wish.price_max is None:
        return lacking.codes if wish.in_stock else lacking.codes[:0]
    shown = part.items.having(wish.where)
    if wish.price_min is not None or wish.price_max is not None:
        shown &= part.items.priced(wish.price_min, wish.price_max)
    if wish.in_stock:
        shown &= ~lacking.mask
    return np.flatnonzero(~shown)


def _speaking(part: RecommenderPart, wish: Query, best: Recommendations, history: Histories) -> list[Speaking]:
    items = best.items[0][best.items[0] >= 0]
    past, shares = shares_of(part.model, history, 0, items, part.cutoff)
    return speaking(past, shares, max(1, wish.n_contributions))


def _beforehand(part: RecommenderPart, wish: Query, best: Recommendations, shares: np.ndarray) -> Result:
    words = part.customers.words_of(wish.row)
    if wish.n_contributions > 1:
        return Result(best, _speaking(part, wish, best, part.customers.histories.take(np.array([wish.row]))), words)
    told = zip(best.contributors[0].tolist(), shares[0].tolist(), strict=True)
    return Result(best, [[(item, share)] if item >= 0 else [] for item, share in told], words)
