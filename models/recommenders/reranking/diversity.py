"""Diverse lists: caps per category, and maximal marginal relevance (MMR, Carbonell & Goldstein 1998).

    next item = argmax of (1 - mmr) * relevance - mmr * similarity to the most similar item chosen so far

Relevance is the score divided by the best score of its stage. Scores of two stages are not comparable: the first item
of a later stage is as relevant as the item before it, so relevance alone keeps the order of the list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput
from core.interactions import Histories
from core.recommendations import Recommendations
from models.recommenders.engine.base import Recommender
from models.recommenders.engine.exclusions import Exclusions
from models.recommenders.engine.ranked_lists import ItemScores

CANDIDATE_FACTOR = 4
"The list is chosen from this many times k items, the most relevant ones."

Scalar = TypeVar("Scalar", bound=np.generic)

Rank = Callable[[int], Recommendations]
"The model's best items for one history, for a given length of the list."


@dataclass(frozen=True)
class Diversity:
    """Caps and weight of diversity. Raises BadInput for values out of range."""

    at_most_per_category: int | None = None
    "Maximum number of items of one category; None is no cap."

    mmr: float = 0.0
    "Weight of diversity against relevance: 0 is relevance only, 1 diversity only."

    def __post_init__(self) -> None:
        if self.at_most_per_category is not None and self.at_most_per_category < 1:
            raise BadInput(f"at_most_per_category is {self.at_most_per_category}; allow at least 1 item of a category")
        if not 0 <= self.mmr <= 1:
            raise BadInput(f"mmr is {self.mmr}; give a number from 0 (relevance only) to 1 (diversity only)")


def recommend_diverse(
    model: Recommender,
    history: Histories,
    *,
    k: int,
    diversity: Diversity,
    categories: NDArray[np.integer],
    cutoff: date | None = None,
    exclusions: Exclusions | None = None,
    cold_start: ItemScores | None = None,
    item_scores: ItemScores | None = None,
) -> Recommendations:
    """The k items of one history that respect the caps, in the order in which they are chosen.

    With `item_scores` the items are ranked by these instead of the model's own stages (see `Recommender.rank_items`).
    `categories` is (m,) codes; -1 is unknown and has no cap. Scores are unchanged and need not descend any more.
    """
    if k < 1:
        raise BadInput(f"k is {k}; ask for at least 1 recommendation")

    def rank(length: int) -> Recommendations:
        if item_scores is not None:
            return model.rank_items(item_scores, history, k=length, cutoff=cutoff, exclusions=exclusions)
        return model.recommend(history, length, cutoff=cutoff, exclusions=exclusions, cold_start=cold_start)

    if diversity == Diversity():
        return rank(k)
    ranking, places, n_ranked = _candidates(rank, k, cap=diversity.at_most_per_category, categories=categories)
    codes = ranking.items[0, places]
    relevance = _relevance(ranking.scores[0, places], ranking.stages[0, places])
    if diversity.mmr > 0:
        similarity = model.similarity_matrix(codes)
    else:
        similarity = np.zeros((len(codes), len(codes)), dtype=np.float32)
    chosen = _choose(relevance, similarity, categories=categories[codes], k=k, diversity=diversity)
    shortfall = _shortfall(ranking, len(chosen), n_ranked=n_ranked, k=k, cap=diversity.at_most_per_category)
    return _pick(ranking, places[chosen], k=k, shortfall=shortfall)


def _candidates(
    rank: Rank, k: int, *, cap: int | None, categories: NDArray[np.integer]
) -> tuple[Recommendations, NDArray[np.int64], int]:
    """A ranking that is long enough to fill the list, the places to choose from, and its number of items."""
    length = min(CANDIDATE_FACTOR * k, max(k, len(categories)))
    while True:
        ranking = rank(length)
        n_ranked = int((ranking.items[0] >= 0).sum())
        of_ranked = categories[ranking.items[0, :n_ranked]]
        if n_ranked < length or length >= len(categories) or _count_within_cap(of_ranked, cap) >= k:
            break
        length = min(2 * length, len(categories))
    # An item far down its own category cannot be chosen within the cap, so it need not be a candidate.
    is_near = _nth_of_its_category(of_ranked) < (n_ranked if cap is None else CANDIDATE_FACTOR * cap)
    return ranking, np.flatnonzero(is_near | (of_ranked < 0))[: CANDIDATE_FACTOR * k], n_ranked


def _count_within_cap(categories: NDArray[np.integer], cap: int | None) -> int:
    """How many of these items fit under the cap together."""
    if cap is None:
        return len(categories)
    return int(((_nth_of_its_category(categories) < cap) | (categories < 0)).sum())


def _nth_of_its_category(categories: NDArray[np.integer]) -> NDArray[np.int64]:
    """How many earlier items have the same category, for each item."""
    order = np.argsort(categories, kind="stable")
    grouped = categories[order]
    nth = np.empty(len(categories), dtype=np.int64)
    nth[order] = np.arange(len(categories)) - np.searchsorted(grouped, grouped)
    return nth


def _relevance(scores: NDArray[np.float32], stages: NDArray[np.int8]) -> NDArray[np.float64]:
    """From 1 down, never rising."""
    relevance, level, first_of_stage = np.empty(len(scores)), 1.0, dict[int, tuple[float, float]]()
    for place, (score, stage) in enumerate(zip(scores.tolist(), stages.tolist(), strict=True)):
        first_score, level_there = first_of_stage.setdefault(stage, (score, level))
        level = min(level, level_there * score / first_score) if first_score > 0 else level
        relevance[place] = level
    return relevance


def _choose(
    relevance: NDArray[np.float64],
    similarity: NDArray[np.float32],
    *,
    categories: NDArray[np.integer],
    k: int,
    diversity: Diversity,
) -> list[int]:
    """Places of at most k items, chosen one after the other; the first wins ties."""
    cap = len(categories) if diversity.at_most_per_category is None else diversity.at_most_per_category
    is_open, nearest, chosen = np.ones(len(categories), dtype=bool), np.zeros(len(categories)), list[int]()
    while len(chosen) < k and is_open.any():
        gain = (1 - diversity.mmr) * relevance - diversity.mmr * nearest
        best = int(np.where(is_open, gain, -np.inf).argmax())
        chosen.append(best)
        is_open[best] = False
        nearest = np.maximum(nearest, similarity[best])
        same = categories == categories[best]
        if categories[best] >= 0 and same[chosen].sum() >= cap:
            is_open &= ~same
    return chosen


def _pick(ranking: Recommendations, places: NDArray[np.int64], *, k: int, shortfall: str) -> Recommendations:
    """Some places of the ranking of one history, padded to k."""

    def pick(matrix: NDArray[Scalar], padding: float) -> NDArray[Scalar]:
        row = np.full((1, k), padding, dtype=matrix.dtype)
        row[0, : len(places)] = matrix[0, places]
        return row

    return Recommendations(
        customer_ids=ranking.customer_ids,
        item_ids=ranking.item_ids,
        items=pick(ranking.items, -1),
        scores=pick(ranking.scores, np.nan),
        stages=pick(ranking.stages, -1),
        contributors=pick(ranking.contributors, -1),
        shortfalls=(shortfall,),
    )


def _shortfall(ranking: Recommendations, n_chosen: int, *, n_ranked: int, k: int, cap: int | None) -> str:
    if n_chosen == k:
        return ""
    if n_chosen == n_ranked:
        return ranking.shortfalls[0]
    return f"only {n_chosen} of the {n_ranked} items left after exclusions keep at most {cap} of a category"
