"""Lists that are the same for all customers: similar items, items bought together, trending items.

The filters, stock, caps, diversity and repeat policy of a request apply to them as to personal recommendations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.interactions import codes_of
from core.recommendations import Stage
from models.recommenders.engine.ranked_lists import ItemScores
from serving.recommendations.explanations import Explanation, explain
from serving.recommendations.request import RecommendationsRequest
from serving.release.recommender_part import RecommenderPart


@dataclass(frozen=True, kw_only=True)
class ItemList:
    """Items with the scores that rank them."""

    item_scores: ItemScores
    explain: Callable[[int], Explanation]
    "Explains why an item, by its code, is in the list."


def find_list(part: RecommenderPart, request: RecommendationsRequest) -> ItemList | None:
    """The list that a request is for; None if it is for personal recommendations."""
    if request.similar_to is not None:
        return similar_items(part, request.similar_to)
    if request.bought_with is not None:
        return items_bought_with(part, request.bought_with)
    return trending_items(part) if request.trending else None


def similar_items(part: RecommenderPart, item_id: str) -> ItemList:
    """Items similar to this one, by the champion or by the similarity model beside it."""
    similar = part.model.similar_items(item_id, len(part.items))
    codes = codes_of(np.array([other for other, _ in similar], dtype=str), part.model.item_ids)
    scores = _scores(part, dict(zip(codes.tolist(), (similarity for _, similarity in similar), strict=True)))
    title = _title_of(part, item_id)
    explanation = explain("similar to {title}", title=title)
    return ItemList(item_scores=ItemScores(scores, Stage.SIMILAR_ITEMS, f"like {title}"), explain=lambda _: explanation)


def items_bought_with(part: RecommenderPart, item_id: str) -> ItemList:
    """Items that share orders with this one more often than by chance, ranked by lift."""
    code = part.code_of(item_id)
    pairs = part.context_models.together.pairs_of(code, len(part.items))
    lift_and_orders = {other: (lift, n_orders) for other, lift, n_orders in pairs}
    title = _title_of(part, item_id)

    def explain_pair(item: int) -> Explanation:
        lift, n_orders = lift_and_orders[item]
        return explain(
            "bought together with {title} in {orders} orders, {lift} times as often as by chance",
            title=title,
            orders=n_orders,
            lift=f"{lift:.1f}",
        )

    scores = _scores(part, {other: lift for other, (lift, _) in lift_and_orders.items()})
    return ItemList(
        item_scores=ItemScores(scores, Stage.BOUGHT_TOGETHER, f"bought with {title} in enough orders"),
        explain=explain_pair,
    )


def trending_items(part: RecommenderPart) -> ItemList:
    """Items whose purchases are growing, steepest growth first."""
    trend = part.context_models.trend
    places = {item: place for place, item in enumerate(trend.items.tolist())}

    def explain_growth(item: int) -> Explanation:
        now, before = int(trend.counts[places[item]]), int(trend.counts_before[places[item]])
        return explain(
            "trending: bought {now} times in the last {days} days, {before} times in the {days} days before",
            now=now,
            before=before,
            days=trend.window_days,
        )

    scores = _scores(part, dict(zip(trend.items.tolist(), trend.scores.tolist(), strict=True)))
    return ItemList(item_scores=ItemScores(scores, Stage.TRENDING, "on the rise"), explain=explain_growth)


def _scores(part: RecommenderPart, score_by_item: Mapping[int, float]) -> NDArray[np.float32]:
    scores = np.zeros(len(part.items), np.float32)
    scores[list(score_by_item)] = list(score_by_item.values())
    return scores


def _title_of(part: RecommenderPart, item_id: str) -> str:
    code = part.code_of(item_id)
    return part.items.display_name(code) if code >= 0 else f"'{item_id}', which is not on record,"
