"""From a request to the best items, and the past purchases that contribute to each.

plain request              -> the customer's precomputed items, without items that have sold out since
list for all customers     -> the list (similar, bought together, trending), without excluded items
any other request          -> the model, which ranks only items that may be recommended

The filters, stock, caps, diversity and repeat policy of a request apply to lists as to personal recommendations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.interactions import Histories, codes_of
from core.recommendations import Recommendations, Stage
from models.recommenders.engine.exclusions import Exclusions
from models.recommenders.engine.ranked_lists import ItemScores
from models.recommenders.engine.scoring import ItemContributions, contribution_shares, top_contributions
from models.recommenders.reranking.diversity import recommend_diverse
from serving.journal.customer import LiveCustomer
from serving.recommendations.explanations import Explanation, explain
from serving.recommendations.live_history import find_history
from serving.recommendations.request import RecommendationsRequest
from serving.release.customer_part import RecordedProfile
from serving.release.recommender_part import RecommenderPart
from serving.release.repeat_rules import RepeatRules
from serving.stock import OutOfStock


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


@dataclass(frozen=True)
class Result:
    """The recommended items of one request."""

    best: Recommendations
    "Of one customer."
    contributions: list[ItemContributions]
    "For each item, the past items that contribute most, at least one where there is any; none in a list."
    profile: RecordedProfile
    "What is known about the customer apart from purchases."
    item_list: ItemList | None = None
    "The list, if the request is for one."
    looked_at: frozenset[int] = frozenset()
    "Codes of past items that the customer has not bought, only looked at."


def recommend(
    part: RecommenderPart,
    request: RecommendationsRequest,
    *,
    row: int,
    out_of_stock: OutOfStock,
    now: np.datetime64,
    live: LiveCustomer | None = None,
    time_zone: str = "UTC",
) -> Result:
    """Find the best items for the customer in a row of the part, -1 for a customer without a record.

    The purchases in `request.history` count as bought `now`, local time in `time_zone`; `live` is what the customer did
    since the release.
    """
    request = request.with_defaults(part.rules.repeat_policy, part.rules.discovery)
    has_default_rules = part.rules == RepeatRules(request.repeat_policy or "allow", request.discovery or 0.0)
    if request.is_plain and has_default_rules and row >= 0 and live is None:
        top = part.look_up_top(row, request.k, gone=None if out_of_stock.as_released else out_of_stock.mask)
        if top is not None:
            return _result_from_precomputed(part, request, row=row, best=top.best, shares=top.shares)
    past = find_history(part, request, row=row, live=live, now=now, time_zone=time_zone)
    profile = _merge_profile(part, request, row=row, live=live)
    exclusions = Exclusions(
        items=_mask_excluded(part, request, out_of_stock=out_of_stock),
        per_customer=[(*request.exclude, *(() if live is None else live.disliked))],
        seen=request.repeat_policy == "never",
        not_due=request.repeat_policy == "due",
        discovery=request.discovery or 0.0,
        bought=past.bought,
    )
    item_list = find_list(part, request)
    best = recommend_diverse(
        part.model,
        past.combined,
        k=request.k,
        diversity=request.reranking,
        categories=part.items.categories,
        cutoff=part.cutoff,
        exclusions=exclusions,
        cold_start=part.context_models.cold_start(profile) if item_list is None else None,
        item_scores=None if item_list is None else item_list.item_scores,
    )
    if item_list is None:
        contributions = _contributions(part, request, best=best, history=past.combined)
    else:
        contributions = [[] for _ in range(int((best.items[0] >= 0).sum()))]
    return Result(best, contributions, profile, item_list, past.looked_at)


def _merge_profile(
    part: RecommenderPart, request: RecommendationsRequest, *, row: int, live: LiveCustomer | None
) -> RecordedProfile:
    """The profile on record; preferences in events, and then those in the request, replace recorded ones."""
    recorded = part.customers.profile_of(row)
    newer = {**({} if live is None else live.preferences), **request.preference_lists}
    return RecordedProfile({**recorded.preferences, **newer}, recorded.attribute_groups) if newer else recorded


def _mask_excluded(
    part: RecommenderPart, request: RecommendationsRequest, *, out_of_stock: OutOfStock
) -> NDArray[np.bool_] | None:
    """(m,) whether the request's filters or the stock exclude an item, for any customer; None where they do not."""
    has_price = request.price_min is not None or request.price_max is not None
    if not request.where and not has_price:
        return out_of_stock.mask if request.in_stock else None
    allowed = part.items.with_values(request.where)
    if has_price:
        allowed &= part.items.in_price_range(request.price_min, request.price_max)
    excluded = ~allowed
    if request.in_stock:
        excluded |= out_of_stock.mask
    return excluded


def _contributions(
    part: RecommenderPart, request: RecommendationsRequest, *, best: Recommendations, history: Histories
) -> list[ItemContributions]:
    items = best.items[0][best.items[0] >= 0]
    past, shares = contribution_shares(part.model, history, row=0, items=items, cutoff=part.cutoff)
    # The explanation needs the largest contribution, even if the response names none.
    return top_contributions(past, shares, n=max(1, request.contributions))


def _result_from_precomputed(
    part: RecommenderPart,
    request: RecommendationsRequest,
    *,
    row: int,
    best: Recommendations,
    shares: NDArray[np.float32],
) -> Result:
    profile = part.customers.profile_of(row)
    if request.contributions > 1:
        history = part.customers.histories.take(np.array([row]))
        return Result(best, _contributions(part, request, best=best, history=history), profile)
    pairs = zip(best.contributors[0].tolist(), shares[0].tolist(), strict=True)
    return Result(best, [[(item, share)] if item >= 0 else [] for item, share in pairs], profile)
