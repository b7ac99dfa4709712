"""From a request to the best items, and the past purchases that contribute to each.

plain request              -> the customer's precomputed items, without items that have sold out since
list for all customers     -> the list, without excluded items
any other request          -> the model, which ranks only items that may be recommended
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.interactions import Histories
from core.recommendations import Recommendations
from models.recommenders.engine.exclusions import Exclusions
from models.recommenders.engine.scoring import ItemContributions, contribution_shares, top_contributions
from models.recommenders.reranking.diversity import recommend_diverse
from serving.recommendations.item_lists import ItemList, find_list
from serving.recommendations.request import RecommendationsRequest
from serving.release.customer_part import RecordedProfile
from serving.release.recommender_part import RecommenderPart
from serving.stock import OutOfStock


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


def recommend(
    part: RecommenderPart,
    request: RecommendationsRequest,
    *,
    row: int,
    out_of_stock: OutOfStock,
    now: np.datetime64,
) -> Result:
    """Find the best items for the customer in a row of the part, -1 for a customer without a record.

    The purchases in `request.history` count as bought `now`.
    """
    if request.is_plain and row >= 0:
        top = part.look_up_top(row, request.k, gone=None if out_of_stock.as_released else out_of_stock.mask)
        if top is not None:
            return _result_from_precomputed(part, request, row=row, best=top.best, shares=top.shares)
    since_release = Histories.of_items([request.history], part.model.item_ids, now=now)
    history = part.customers.history_of(row, since_release)
    profile = _merge_profile(part, request, row=row)
    exclusions = Exclusions(
        items=_find_excluded(part, request, out_of_stock=out_of_stock),
        per_customer=[request.exclude],
        seen=request.repeat_policy == "never",
        not_due=request.repeat_policy == "due",
    )
    item_list = find_list(part, request)
    best = recommend_diverse(
        part.model,
        history,
        k=request.k,
        diversity=request.reranking,
        categories=part.items.categories,
        cutoff=part.cutoff,
        exclusions=exclusions,
        cold_start=part.context_models.cold_start(profile) if item_list is None else None,
        item_scores=None if item_list is None else item_list.item_scores,
    )
    if item_list is None:
        contributions = _contributions(part, request, best=best, history=history)
    else:
        contributions = [[] for _ in range(int((best.items[0] >= 0).sum()))]
    return Result(best, contributions, profile, item_list)


def _merge_profile(part: RecommenderPart, request: RecommendationsRequest, *, row: int) -> RecordedProfile:
    """The profile on record; preferences in the request replace recorded ones for the same attribute."""
    recorded = part.customers.profile_of(row)
    if not request.preferences:
        return recorded
    return RecordedProfile({**recorded.preferences, **request.preference_lists}, recorded.attribute_groups)


def _find_excluded(
    part: RecommenderPart, request: RecommendationsRequest, *, out_of_stock: OutOfStock
) -> NDArray[np.int32]:
    """The codes of the items that the request's filters and the stock exclude, for any customer."""
    has_price = request.price_min is not None or request.price_max is not None
    if not request.where and not has_price:
        return out_of_stock.codes if request.in_stock else out_of_stock.codes[:0]
    allowed = part.items.with_values(request.where)
    if has_price:
        allowed &= part.items.in_price_range(request.price_min, request.price_max)
    if request.in_stock:
        allowed &= ~out_of_stock.mask
    return np.flatnonzero(~allowed).astype(np.int32)


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
