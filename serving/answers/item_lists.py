"""Lists that are the same for everybody: what is like an item, what is bought with it, what is on the rise.

They pass the same counter as a customer's own recommendations: filters, stock, caps, variety, what was bought before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from core.interactions import codes_of
from core.recommendations import Recommendations, Stage
from serving.answers.explanations import Explanation, explain
from serving.release.recommender_part import RecommenderPart


@dataclass(frozen=True)
class ItemList:
    """Items with what they are ranked by."""

    scores: np.ndarray
    "(m,) float32: above zero for what stands in the list."
    stage: str
    explained: Callable[[int], Explanation]
    "Why an item, by its code, stands in the list."
    named: str
    "What its items are, to go on after 'only 3 items'."

    def best_of(self, k: int, ask: Callable[[np.ndarray, str, int], Recommendations]) -> Recommendations:
        """The k best that may be shown, asked of a model; where they are fewer it says of what."""
        found = ask(self.scores, self.stage, k)
        n = int((found.items[0] >= 0).sum())
        return found if n == k else replace(found, shortfalls=(f"only {n} items {self.named} are left",))


def similar_to(part: RecommenderPart, item_id: str) -> ItemList:
    """What is like an item, as far as the champion, or the model beside it, knows."""
    found = part.model.similar(item_id, len(part.items))
    codes = codes_of(np.array([each for each, _ in found], dtype=str), part.model.item_ids)
    scores = _scored(part, dict(zip(codes.tolist(), (likeness for _, likeness in found), strict=True)))
    title = _called(part, item_id)
    explanation = explain("similar to {title}", title=title)
    return ItemList(scores, Stage.SIMILAR_ITEMS, lambda _: explanation, f"like {title}")


def bought_with(part: RecommenderPart, item_id: str) -> ItemList:
    """What lands in one order with an item, more often than by chance."""
    code = part.code_of(item_id)
    pairs = {other: (lift, orders) for other, lift, orders in part.around.together.with_item(code, len(part.items))}
    title = _called(part, item_id)

    def explained(item: int) -> Explanation:
        lift, orders = pairs[item]
        return explain(
            "bought together with {title} in {orders} orders, {lift} times as often as by chance",
            title=title,
            orders=orders,
            lift=f"{lift:.1f}",
        )

    scores = _scored(part, {other: lift for other, (lift, _) in pairs.items()})
    return ItemList(scores, Stage.BOUGHT_TOGETHER, explained, f"bought with {title} in enough orders")


def on_the_rise(part: RecommenderPart) -> ItemList:
    """What is bought more than before."""
    trend = part.around.trend
    places = {item: place for place, item in enumerate(trend.items.tolist())}

    def explained(item: int) -> Explanation:
        now, before = int(trend.counts[places[item]]), int(trend.counts_before[places[item]])
        return explain(
            "trending: bought {now} times in the last {days} days, {before} times in the {days} days before",
            now=now,
            before=before,
            days=trend.window_days,
        )

    scores = _scored(part, dict(zip(trend.items.tolist(), trend.scores.tolist(), strict=True)))
    return ItemList(scores, Stage.TRENDING, explained, "on the rise")


def _scored(part: RecommenderPart, scores: Mapping[int, float]) -> np.ndarray:
    found = np.zeros(len(part.items), np.float32)
    found[list(scores)] = list(scores.values())
    return found


def _called(part: RecommenderPart, item_id: str) -> str:
    code = part.code_of(item_id)
    return part.items.called(code) if code >= 0 else f"'{item_id}', which is not on record,"
